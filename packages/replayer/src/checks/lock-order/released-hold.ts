import { isValid, MODE_READ } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { innermostHold } from '../../tables/held-locks.js';
import type { LockTable } from '../../tables/lock-table.js';

/** The lock_release is of what its pcpu took last, as nearly always, or nobody knows of which pcpu. */
export function releasesInnermost(locks: LockTable, { columns: c, validity: v }: ReplayBatch, row: number): boolean {
  if (!isValid(v.pcpu, row)) return true;
  const pcpu = c.pcpu[row];
  const last = locks.innermost(pcpu);
  if (last < locks.bottom(pcpu) || locks.heldLock[last] !== c.lock[row]) return false;
  return (locks.heldMode[last] === MODE_READ) === (c.mode[row] === MODE_READ);
}

/** Index in the stacks of the pcpu's innermost hold of the lock, for reading or otherwise; -1 for none. */
export function holdOf(locks: LockTable, pcpu: number, lock: number, isRead: boolean): number {
  return innermostHold(locks, pcpu, i => locks.heldLock[i] === lock && (locks.heldMode[i] === MODE_READ) === isRead);
}
