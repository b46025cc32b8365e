/** Where in an input something went wrong; every part that is known is set. */
export interface ErrorPlace {
  readonly file?: string;
  /** Byte offset in the file. */
  readonly byte?: number;
  /** Number of the xentrace record, 0-based in file order. */
  readonly record?: number;
  /** Number of the record batch in an Arrow trace, 0-based. */
  readonly batch?: number;
  /** Line of a text input, 1-based. */
  readonly line?: number;
  readonly field?: string;
}

/** Who is to blame, which decides the exit code: 2 usage, 3 unreadable input, 5 a limit that was set. */
export type ErrorBlame = 'usage' | 'input' | 'limit';

/**
 * An expected failure: what was wrong, where, and what to do about it.
 * `code` is stable (`P2M_…`) and listed in docs/errors.md; anything that is not a P2mError is a bug in p2mtrace.
 */
export class P2mError extends Error {
  override readonly name = 'P2mError';
  readonly code: string;
  readonly blame: ErrorBlame;
  readonly place: ErrorPlace;
  readonly remedy: string;

  constructor(
    code: string,
    what: string,
    options: { blame?: ErrorBlame; place?: ErrorPlace; remedy?: string; cause?: unknown } = {},
  ) {
    super(what, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.blame = options.blame ?? 'input';
    this.place = options.place ?? {};
    this.remedy = options.remedy ?? '';
  }

  /** The same error, with more of its place filled in. */
  at(place: ErrorPlace): P2mError {
    return new P2mError(this.code, this.message, {
      blame: this.blame,
      place: { ...place, ...this.place },
      remedy: this.remedy,
      cause: this.cause,
    });
  }
}

/** The place in words, such as `file, line 3, byte 0x10`; empty if nothing is known. */
export function describePlace(place: ErrorPlace): string {
  const parts: string[] = [];
  if (place.file !== undefined) parts.push(place.file);
  if (place.line !== undefined) parts.push(`line ${place.line}`);
  if (place.batch !== undefined) parts.push(`batch ${place.batch}`);
  if (place.record !== undefined) parts.push(`record ${place.record}`);
  if (place.byte !== undefined) parts.push(`byte 0x${place.byte.toString(16)}`);
  if (place.field !== undefined) parts.push(`field ${place.field}`);
  return parts.join(', ');
}

/** A usage error: the caller asked for something that makes no sense. */
export function usageError(code: string, what: string, remedy = ''): P2mError {
  return new P2mError(code, what, { blame: 'usage', remedy });
}
