import { randomBytes } from 'node:crypto';
import { lstatSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileCalls } from './file-calls.js';

/** Most bytes that a name may have on Linux and macOS. */
const NAME_MAX = 255;
const ENDING = /^\.[0-9a-f]{12}\.partial$/;
const TEMPORARY = /\.[0-9a-f]{12}\.partial$/;
/** A file not written to for this long was left by a process that was killed. */
const ABANDONED_MS = 600_000;

/** Whether a file or folder has such a name: it is not complete. */
export const isTemporaryName = (name: string): boolean => TEMPORARY.test(name);

/** A name in the folder of `path` that nothing has: `NAME.RANDOM.partial`, or without NAME where that is too long. */
export function temporaryName(path: string): string {
  const name = basename(path);
  const ending = `${randomBytes(6).toString('hex')}.partial`;
  const whole = `${name}.${ending}`;
  return join(dirname(path), Buffer.byteLength(whole) > NAME_MAX ? ending : whole);
}

/**
 * Removes what killed processes left unfinished of this file. Only for files that nobody would want to have cut: caches.
 * `after` is 0 for whoever holds the lock of the file: then nobody else writes it.
 */
export function removeAbandoned(path: string, after = ABANDONED_MS): void {
  const folder = dirname(path);
  const name = basename(path);
  for (const other of readdirSync(folder)) {
    if (!other.startsWith(name) || !ENDING.test(other.slice(name.length))) continue;
    const left = join(folder, other);
    const stat = lstatSync(left, { throwIfNoEntry: false });
    if (stat === undefined || (after > 0 && Date.now() - stat.mtimeMs <= after)) continue;
    fileCalls.rmSync(left, { recursive: true, force: true });
  }
}
