import { isValid } from '@p2mtrace/trace-format';
import type { LockTable } from '../../tables/lock-table.js';
import type { MakeCheck } from '../check-scope.js';

/** The credit scheduler's default time slice (xen/common/sched/credit.c): whoever spins as long has lost all of it. */
const BOUND_MS = 30;

/** lock-order.long-hold: held for longer than a bound, where the TSC's frequency is known. */
export const lockDuration: MakeCheck = ({ state, now, head, report }) => {
  const { locks } = state;
  const lockFacts = state.facts?.locks;
  const { tscHz } = head.metadata;
  if (tscHz === undefined) return {};
  lockFacts?.keepSpans();
  const bound = (tscHz / 1000) * BOUND_MS;
  return {
    before: {
      lock_release: ({ columns: c, validity: v }, row) => {
        if (!isValid(v.pcpu, row)) return;
        const lock = c.lock[row];
        const pcpu = c.pcpu[row];
        // Of one that was taken again the outermost hold counts.
        const own = onlyHold(locks, pcpu, lock);
        if (own < 0 || locks.heldMode[own] !== c.mode[row]) return;
        const ticks = lockFacts?.ticksHeld(locks.heldTag[own]) ?? 0;
        if (!(ticks > bound)) return;
        const lock_class = isValid(v.lock_class, row) ? c.lock_class[row] : -1;
        const at = [locks.heldSeq[own], now.seq];
        report({ breach: 'long-hold', lock_class, count: ticks, lock, pcpu, caller: locks.heldCaller[own], at });
      },
    },
  };
};

/** Index in the stacks of the lock, where the pcpu holds it once; else -1. */
function onlyHold(locks: LockTable, pcpu: number, lock: number): number {
  const bottom = locks.bottom(pcpu);
  let own = -1;
  for (let i = locks.innermost(pcpu); i >= bottom; i--) {
    if (locks.heldLock[i] !== lock) continue;
    if (own >= 0) return -1;
    own = i;
  }
  return own;
}
