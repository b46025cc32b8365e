import { isValid } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import type { LockFacts } from '../../facts/lock-facts.js';
import type { LockTable } from '../../tables/lock-table.js';

/** The lock of an event, as columns of a breach. */
export function lockColumns(lockFacts: LockFacts, { columns: c, validity: v }: ReplayBatch, row: number) {
  const lock = c.lock[row];
  const lockClass = isValid(v.lock_class, row) ? c.lock_class[row] : lockFacts.classOf(lock);
  return { lock, lock_class: lockClass, level: isValid(v.level, row) && c.level[row] > 0 ? c.level[row] : -1 };
}

/** The hold of that index in the stacks, as columns of a breach; -1 for one that nobody saw. */
export function heldColumns(lockFacts: LockFacts, locks: LockTable, i: number) {
  if (i < 0) return {};
  return {
    held: locks.heldLock[i],
    held_class: lockFacts.classOf(locks.heldLock[i]),
    held_level: locks.heldLevel[i],
    held_caller: locks.heldCaller[i],
  };
}

/** seq at which the hold of that index began, -1 for one that nobody saw. */
export const heldSince = (locks: LockTable, i: number): number => (i < 0 ? -1 : locks.heldSeq[i]);
