import { basename, dirname, join } from 'node:path';
import { usageError } from '@p2mtrace/trace-format/errors';
import { FileLock, lockHolder, outputKind } from '@p2mtrace/trace-format/output';

/**
 * Does work that makes a file, while no other process makes the same one. A stream (`-`, a FIFO, a device) is not held.
 * @throws P2mError P2M_LOCKED (usage) if another does, and what `work` throws
 */
export async function holdOutput<T>(path: string, what: string, work: () => Promise<T>): Promise<T> {
  if (outputKind(path).kind !== 'file') return work();
  const name = join(dirname(path), `.${basename(path)}.lock`);
  const lock = FileLock.tryTake(name, what);
  if (lock === undefined) {
    throw usageError(
      'P2M_LOCKED',
      `${path} is being written by ${lockHolder(name)}`,
      'wait for it, or name another file',
    );
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}
