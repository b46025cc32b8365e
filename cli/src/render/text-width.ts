import stringWidth from 'string-width';

/** What `Terminal.style` puts into a text: no columns on the screen. */
const STYLE = /\ue000[0-9a-f]{16}\[[\d;]*m/g;

/** Columns of a terminal that a text takes: wide characters two, marks none. */
export function textWidth(text: string): number {
  return /^[\x20-\x7e]*$/.test(text) ? text.length : stringWidth(text.replace(STYLE, ''));
}

/** Text with blanks behind it, or before it, up to a width. */
export function padded(text: string, width: number, isRight = false): string {
  const blanks = ' '.repeat(Math.max(0, width - textWidth(text)));
  return isRight ? blanks + text : text + blanks;
}

/** Text in lines of at most `width` columns, broken at blanks; a longer word has a line of its own. */
export function foldedText(text: string, width: number): string[] {
  if (textWidth(text) <= width) return [text];
  const lines: string[] = [];
  let line = '';
  let taken = 0;
  for (const word of text.split(/ +/)) {
    const columns = textWidth(word);
    if (taken > 0 && taken + 1 + columns > width) {
      lines.push(line);
      [line, taken] = [word, columns];
    } else [line, taken] = taken === 0 ? [line + word, columns] : [`${line} ${word}`, taken + 1 + columns];
  }
  return [...lines, line];
}

/** Width of the longest word. */
export function longestWord(text: string): number {
  return text.includes(' ') ? Math.max(...text.split(' ').map(textWidth)) : textWidth(text);
}
