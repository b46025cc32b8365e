import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { usageError } from '@p2mtrace/trace-format/errors';

/** The ending of files that are not complete yet. */
export const UNFINISHED = '.partial';

/** A name for a file until it is complete; no other process uses it. */
export const unfinishedName = (path: string): string => `${path}.${randomBytes(6).toString('hex')}${UNFINISHED}`;

/** Writes a file that gets its name when it is complete. @throws P2mError P2M_OUTPUT (usage) */
export function writeAtomically(path: string, text: string): void {
  const unfinished = unfinishedName(path);
  try {
    const fd = openSync(unfinished, 'wx');
    try {
      writeFileSync(fd, text);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    const what = `${path} can't be written: ${(error as Error).message}`;
    throw usageError('P2M_OUTPUT', what, 'make room, or name a place that can be written to');
  }
}
