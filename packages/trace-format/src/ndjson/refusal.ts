import { P2mError } from '../errors.js';

/** What is wrong with a line, and with which field; callers add file and line. */
export function refusal(what: string, field?: string): P2mError {
  return new P2mError('P2M_NDJSON', what, {
    ...(field === undefined ? {} : { place: { field } }),
    remedy: 'correct the line and import again; nothing was written',
  });
}

/** A value as it was written, shortened if it is long. */
export function shown(value: unknown): string {
  // A number that JSON can't write (1e999) is still a number.
  const text = typeof value === 'number' ? String(value) : jsonOf(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    // JSON.parse reads any depth, but what it read can be too deep to be written.
    if (error instanceof RangeError) return 'a value nested too deep';
    throw error;
  }
}

/** What was expected instead of a value that is none of these names. */
export function oneOf(value: unknown, names: readonly string[]): string {
  return `${typeof value === 'string' ? 'one of' : 'one of the strings'} ${names.join(', ')}`;
}
