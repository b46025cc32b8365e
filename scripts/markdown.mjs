/** Markdown for the generated sections. */

export const code = text => `\`${text}\``;
export const codes = names => names.map(code).join(', ');
/** A Markdown table as the formatter writes it; bars inside cells are escaped. */
export function table(head, rows) {
  const lines = [head, ...rows].map(cells => cells.map(cell => String(cell).replaceAll('|', '\\|')));
  const widths = head.map((_, i) => Math.max(3, ...lines.map(cells => [...cells[i]].length)));
  const line = cells => `| ${cells.map((cell, i) => cell + ' '.repeat(widths[i] - [...cell].length)).join(' | ')} |`;
  const rule = line(widths.map(width => '-'.repeat(width)));
  const [first, ...rest] = lines.map(line);
  return [first, rule, ...rest].join('\n');
}
/** Text wrapped to a reasonable width. */
export function wrapped(text) {
  const lines = [''];
  for (const word of text.trim().split(/\s+/)) {
    const last = lines.length - 1;
    if (lines[last] === '') lines[last] = word;
    else if (lines[last].length + 1 + word.length <= 118) lines[last] += ` ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}

/** A query as written, with a common indent removed. */
export function sqlBlock(sql) {
  const [first, ...rest] = sql.trim().split('\n');
  const margin = Math.min(...rest.map(line => line.search(/\S|$/)));
  return ['```sql', first, ...rest.map(line => line.slice(margin)), '```'].join('\n');
}
