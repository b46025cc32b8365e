import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { P2mError } from '@p2mtrace/trace-format/errors';

const FORM = /^[0-9a-f]{32}\n$/;

/**
 * What tells a store from another, whatever its path on a machine: 32 hex digits in `store.id`, made by the first who asks.
 * @throws P2mError P2M_STORE if it can't be made or read
 */
export function storeId(folder: string): string {
  const path = join(folder, 'store.id');
  try {
    const text = read(path) ?? make(path);
    if (FORM.test(text)) return text.trim();
  } catch (error) {
    throw unusable(path, `has no identity: ${(error as Error).message}`, 'correct the rights, or make room');
  }
  throw unusable(path, 'has no identity: store.id is damaged', 'remove that file: it is made again');
}

/** Whole or not at all, and never in place of one that is there, where the file system has links. */
function make(path: string): string {
  const fresh = `${path}.${randomBytes(6).toString('hex')}.partial`;
  writeFileSync(fresh, `${randomBytes(16).toString('hex')}\n`, { flag: 'wx' });
  try {
    linkSync(fresh, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') renameSync(fresh, path);
  } finally {
    rmSync(fresh, { force: true });
  }
  return readFileSync(path, 'latin1');
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
