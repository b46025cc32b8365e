/** Blanks between columns. */
export const GAP = 2;

/** What the cells of a column want: room for the longest, and what can't be broken. */
export interface Wish {
  readonly natural: number;
  readonly least: number;
}

/**
 * Widths of columns whose sum, with the gaps, is at most `width`: what fits is left as it is, the others share the rest.
 * undefined if even unbroken words have no room.
 */
export function columnWidths(wishes: readonly Wish[], width: number): number[] | undefined {
  const room = width - GAP * (wishes.length - 1);
  const widths = wishes.map(({ least }) => least);
  let left = room - widths.reduce((sum, one) => sum + one, 0);
  if (left < 0) return undefined;
  // The columns that want least more get it first; then each that is left gets an equal part.
  const wanting = [...wishes.keys()].filter(i => wishes[i].natural > widths[i]);
  wanting.sort((a, b) => wishes[a].natural - widths[a] - (wishes[b].natural - widths[b]));
  for (const [place, i] of wanting.entries()) {
    const more = Math.min(wishes[i].natural - widths[i], Math.floor(left / (wanting.length - place)));
    widths[i] += more;
    left -= more;
  }
  return widths;
}
