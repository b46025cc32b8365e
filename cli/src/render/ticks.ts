/** `1.2 µs`, or `4.1k` ticks. */
export function ticksText(ticks: number, tscHz: number | undefined): string {
  if (tscHz === undefined) return scaled(ticks, ['', 'k', 'M', 'G', 'T'], '');
  return scaled((ticks / tscHz) * 1e9, ['ns', 'µs', 'ms', 's'], ' ');
}

function scaled(value: number, units: readonly string[], space: string): string {
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)));
  return `${Number((value / 1000 ** step).toPrecision(3))}${space}${units[step]}`;
}
