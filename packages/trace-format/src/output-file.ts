import { openSync, rmSync, statSync } from 'node:fs';
import { P2mError } from './errors.js';

/** Name of an output until it is whole. */
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
    // A file that was truncated is flushed when it is closed (ext4), a new one is not: it may be a gigabyte.
    rmSync(partialName(path), { force: true });
    return openSync(partialName(path), 'wx');
  } catch (cause) {
    throw failed((cause as Error).message, cause);
  }
}
