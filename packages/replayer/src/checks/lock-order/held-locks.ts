import { isValid } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import type { XenState } from '../../state/xen-state.js';
import type { LockTable } from '../../tables/lock-table.js';

/** Index in the stacks of the innermost hold of a pcpu that meets a condition, from `from` inwards out; -1 for none. */
export function innermostHold(
  locks: LockTable,
  pcpu: number,
  meets: (i: number) => boolean,
  from = locks.innermost(pcpu),
): number {
  const bottom = locks.bottom(pcpu);
  for (let i = from; i >= bottom; i--) if (meets(i)) return i;
  return -1;
}

/** The lock of an event, as columns of a breach. */
export function lockColumns(state: XenState, { columns: c, validity: v }: ReplayBatch, row: number) {
  const lock = c.lock[row];
  const lockClass = isValid(v.lock_class, row) ? c.lock_class[row] : (state.facts?.locks.classOf(lock) ?? -1);
  return { lock, lock_class: lockClass, level: isValid(v.level, row) && c.level[row] > 0 ? c.level[row] : -1 };
}

/** The hold of that index in the stacks, as columns of a breach; -1 for one that nobody saw. */
export function heldColumns({ locks, facts }: XenState, i: number) {
  if (i < 0) return {};
  return {
    held: locks.heldLock[i],
    held_class: facts?.locks.classOf(locks.heldLock[i]) ?? -1,
    held_level: locks.heldLevel[i],
    held_caller: locks.heldCaller[i],
  };
}
