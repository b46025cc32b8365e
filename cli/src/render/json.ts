import { visibleText } from '../text/visible.js';

/** Version of the forms of JSON that commands print: raised if a field changes its meaning or goes away. */
const SCHEMA_VERSION = 1;

/** The line or lines of a JSON document: an object that begins with the version of its form. */
export function jsonDocument(fields: object, indent?: number): string {
  return `${jsonText({ schemaVersion: SCHEMA_VERSION, ...fields }, indent)}\n`;
}

/** Beginning of a document whose last field is a list that is written piece by piece, up to the list's first item. */
export function jsonListHead(list: string): string {
  return `{"schemaVersion":${SCHEMA_VERSION},${JSON.stringify(list)}:[`;
}

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
