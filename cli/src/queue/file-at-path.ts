import { createHash } from 'node:crypto';
import { closeSync, constants, createReadStream, fstatSync, openSync } from 'node:fs';
import { hostname } from 'node:os';
import { statText } from '../audit/state-folder.js';
import type { Failure } from './trace-job.js';

/**
 * The file at a path as it is now (`statText`), if it has the content that the audit saw; else why not: a folder may be
 * mounted elsewhere here, or not at all, or the file be written meanwhile.
 */
export async function fileAtPath(path: string, hash: string): Promise<{ readonly stat: string } | Failure> {
  let fd: number | undefined;
  try {
    // A pipe that nobody writes to would be waited for.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const now = fstatSync(fd, { bigint: true });
    if (!now.isFile()) return failure('P2M_OPEN', `on ${hostname()} it is not a regular file`);
    const stat = statText(now);
    const hasher = createHash('sha256');
    for await (const piece of createReadStream(path, { fd, highWaterMark: 1 << 20, autoClose: false }))
      hasher.update(piece as Uint8Array);
    if (hasher.digest('hex') === hash) return { stat };
    return failure('P2M_READ', `on ${hostname()} it has another content than the audit saw`);
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    return failure('P2M_OPEN', `it can't be read on ${hostname()} (${code})`);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

const failure = (code: string, message: string): Failure => ({ code, message, notices: [] });
