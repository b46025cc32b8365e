const BARS = '▁▂▃▄▅▆▇█';

/** Numbers as bars, from the least to the most; a blank where there is none. */
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
