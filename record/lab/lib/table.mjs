const HEAD = [
  'fault',
  'scenario',
  'Xen',
  'strikes',
  'found',
  'by its rule',
  'function named',
  'other findings',
  'divergences',
];

const rate = (part, all) => (all === 0 ? '–' : `${part} (${Math.round((100 * part) / all)} %)`);

/** Rows of results as cells: each run with its recall, and what it told that no strike explains. */
export function cellsOf(rows) {
  return rows.map(({ fault, scenario, xen, ended, strikes, found, expected, named, others, divergences }) => [
    ...[fault === null ? '–' : `\`${fault}\``, scenario, ended === 'done' ? xen : `${xen} (${ended})`],
    ...(fault === null ? ['–', '–', '–', '–'] : [strikes, ...[found, expected, named].map(n => rate(n, strikes))]),
    others,
    divergences,
  ]);
}

/** The same as a table in Markdown. */
export function tableOf(rows) {
  const lines = [HEAD, HEAD.map(() => '---'), ...cellsOf(rows)];
  return `${lines.map(cells => `| ${cells.join(' | ')} |`).join('\n')}\n`;
}

export { HEAD };
