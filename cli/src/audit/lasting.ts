import { isP2mError } from '../exit.js';

/**
 * Errors that follow from the content of a file alone, so that it fails like this each time. Everything else may pass: a
 * full disk, a missing right, too little memory, a worker that was killed, our own bugs.
 */
const LASTING = new Set([
  'P2M_EMPTY',
  'P2M_GZIP',
  'P2M_ZSTD',
  'P2M_XZ',
  'P2M_ENDIAN',
  'P2M_NOT_XENTRACE',
  'P2M_NDJSON',
  'P2M_NOT_A_TRACE',
  'P2M_SCHEMA',
  'P2M_SCHEMA_VERSION',
  'P2M_METADATA',
  'P2M_DAMAGED',
  'P2M_NAMES',
  'P2M_SYMBOLS',
  'P2M_VERSION',
  'P2M_LAYOUT',
]);

/** Whether an error would come again, so that it may be remembered. */
export function isLasting(error: unknown): boolean {
  return isP2mError(error) && LASTING.has(error.code) && !isOfTheSystem(error);
}

/** True if the operating system refused something. */
function isOfTheSystem(error: Error): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if ('syscall' in cause || 'errno' in cause)
      return !/^Z(?:STD)?_/.test(String((cause as NodeJS.ErrnoException).code));
  }
  return false;
}
