import { openSync, rmSync, statSync, writevSync } from 'node:fs';
import { P2mError } from '../errors.js';

/** Name of an output file until it is complete. */
export const partialName = (path: string): string => `${path}.partial`;

/** Creates the file that will become `path`; the caller writes, closes and renames it. @throws P2mError P2M_WRITE */
export function createPartial(path: string): number {
  const failed = (why: string, cause?: unknown) =>
    new P2mError('P2M_WRITE', `can't create the trace: ${why}`, {
      blame: 'usage',
      place: { file: path },
      remedy: 'name a file in a folder that exists and can be written to',
      cause,
    });
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw failed('it is a directory');
  try {
    // ext4 flushes a truncated file when it is closed, but not a new one; it may be a gigabyte.
    rmSync(partialName(path), { force: true });
    return openSync(partialName(path), 'wx');
  } catch (cause) {
    throw failed((cause as Error).message, cause);
  }
}

/** Writes all buffers at this position of the file. @throws P2mError P2M_WRITE */
export function writeFully(fd: number, buffers: readonly Uint8Array[], position: number): void {
  let rest = buffers;
  let at = position;
  while (rest.length > 0) {
    let written = writeSome(fd, rest, at);
    at += written;
    let whole = 0;
    while (whole < rest.length && written >= rest[whole].length) written -= rest[whole++].length;
    rest = rest.slice(whole).map((bytes, i) => (i === 0 ? bytes.subarray(written) : bytes));
  }
}

/** Less than asked may be written; the next call then says why (a full disk). */
function writeSome(fd: number, buffers: readonly Uint8Array[], position: number): number {
  try {
    return writevSync(fd, buffers, position);
  } catch (cause) {
    throw writeError(`the trace could not be written: ${(cause as Error).message}`, cause);
  }
}

export function writeError(what: string, cause?: unknown): P2mError {
  return new P2mError('P2M_WRITE', what, {
    blame: 'usage',
    remedy: 'make room on the disk or name another file',
    cause,
  });
}
