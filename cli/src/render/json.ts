import { visibleText } from '../text/visible.js';

/** A row as one JSON object. */
export function jsonObject(names: readonly string[], row: readonly unknown[]): string {
  return `{${names.map((name, i) => `${JSON.stringify(name)}:${jsonText(row[i])}`).join(',')}}`;
}

/**
 * A value as exact JSON text: integers are numbers if JSON readers keep them exactly, otherwise strings of digits;
 * bytes are hex, and so are characters that are hidden.
 */
export function jsonText(value: unknown, indent?: number): string {
  return visibleText(JSON.stringify(value, (_, part: unknown) => jsonValue(part), indent) ?? 'null');
}

function jsonValue(value: unknown): unknown {
  if (typeof value === 'bigint') return isSafe(value) ? Number(value) : String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return value;
}

const isSafe = (value: bigint) => value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER;
