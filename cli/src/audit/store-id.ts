import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { P2mError } from '@p2mtrace/trace-format/errors';
import { FileLock, writeOutput } from '@p2mtrace/trace-format/output';

const FORM = /^[0-9a-f]{32}\n$/;

/**
 * What tells a store from another, whatever its path on a machine: 32 hex digits in `store.id`, made by the first who asks.
 * @throws P2mError P2M_STORE if it can't be made or read
 */
export async function storeId(folder: string): Promise<string> {
  const path = join(folder, 'store.id');
  try {
    const text = read(path) ?? (await make(path));
    if (FORM.test(text)) return text.trim();
  } catch (error) {
    throw unusable(path, `has no identity: ${(error as Error).message}`, 'correct the rights, or make room');
  }
  throw unusable(path, 'has no identity: store.id is damaged', 'remove that file: it is made again');
}

/** Of several that make it at once, the one that comes first does. */
async function make(path: string): Promise<string> {
  const lock = await FileLock.take(`${path}.lock`, 'store');
  try {
    if (read(path) === undefined) writeOutput(path, `${randomBytes(16).toString('hex')}\n`, { follow: false });
    return readFileSync(path, 'latin1');
  } finally {
    lock.release();
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

const unusable = (file: string, what: string, remedy: string): P2mError =>
  new P2mError('P2M_STORE', `the store ${what}`, { place: { file }, remedy });
