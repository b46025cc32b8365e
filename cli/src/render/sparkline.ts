const BARS = '▁▂▃▄▅▆▇█';

/** Numbers as bars, scaled from the least to the greatest; a blank for a missing one. */
export function sparkline(values: readonly (number | null)[]): string {
  const known = values.filter(value => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  return values
    .map(value => {
      if (value === null) return ' ';
      const at = high === low ? 0 : Math.round(((value - low) / (high - low)) * (BARS.length - 1));
      return BARS[at];
    })
    .join('');
}
