export const hex = (value: number | bigint): string => `0x${value.toString(16)}`;

/** A whole number, given as one or as its digits, or in hex: exact, so a bigint from 2^53 on. */
export function wholeOf(value: unknown): number | bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined;
  if (typeof value !== 'string' || !/^(?:0x[0-9a-f]+|\d+)$/i.test(value)) return undefined;
  const whole = BigInt(value);
  return whole <= Number.MAX_SAFE_INTEGER ? Number(whole) : whole;
}

/** `#10,422,014`. */
export const seqText = (seq: number): string => (seq < 0 ? 'start' : `#${seq.toLocaleString('en')}`);

/** Seconds as people read them: `1.204 315 s`. */
export function secondsText(seconds: number | null): string {
  return seconds === null ? 'seconds unknown' : `${seconds.toFixed(6)} s`;
}

/** dom_cow, dom_io and others have names; `d1` for the rest. */
const SPECIAL: Readonly<Record<number, string>> = {
  32752: 'dom_self',
  32753: 'dom_io',
  32754: 'dom_xen',
  32755: 'dom_cow',
  32756: 'dom_invalid',
  32767: 'idle',
};
export const domainText = (domid: number): string => SPECIAL[domid] ?? `d${domid}`;

/** `d1v0`; what runs without a domain that is known is not known. */
export function vcpuText(domid: unknown, vcpu: unknown): string {
  if (typeof domid !== 'number') return 'unknown';
  return domid === 32767 ? 'idle' : `${domainText(domid)}v${typeof vcpu === 'number' ? vcpu : '?'}`;
}

/** Ticks as seconds where the frequency is known. */
export function ticksText(ticks: number, hz: number | null): string {
  if (hz === null) return `${Math.round(ticks).toLocaleString('en')} ticks`;
  const seconds = ticks / hz;
  const [unit, size] = seconds >= 1 ? ['s', 1] : seconds >= 1e-3 ? ['ms', 1e3] : ['µs', 1e6];
  return `${Number((seconds * Number(size)).toPrecision(3)).toLocaleString('en')} ${unit}`;
}

/** A value in a line or cell. */
export function valueText(name: string, value: unknown): string {
  if (value === null || value === undefined) return 'unknown';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(one => valueText('', one)).join(' + ');
  const whole = wholeOf(value);
  if (whole !== undefined && /^(?:gfn|mfn|m2p|first_gfn|last_gfn|new_gfn|count_info|type_info)$/.test(name)) {
    return hex(whole);
  }
  if (typeof whole === 'number' && /(?:^|_)domid$|^owner$/.test(name)) return domainText(whole);
  if (typeof value === 'object') return JSON.stringify(value);
  return String(value);
}
