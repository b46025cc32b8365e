import { isValid } from '@p2mtrace/trace-format';
import { innermostHold } from '../../tables/held-locks.js';
import { defineCheck } from '../check.js';

/** The credit scheduler's default time slice (xen/common/sched/credit.c): whoever spins as long has lost all of it. */
const BOUND_MS = 30;

/** A lock is held for longer than a bound, where the TSC's frequency is known. */
export const longHold = defineCheck({
  rule: 'lock-order.long-hold',
  make: ({ state: { locks }, now, head, lockFacts, report, opportunities }) => {
    const holds = opportunities('release');
    const { tscHz } = head.metadata;
    if (tscHz === undefined) return {};
    lockFacts.keepSpans();
    const bound = (tscHz / 1000) * BOUND_MS;
    let released = -1;
    const isReleased = (i: number) => locks.heldLock[i] === released;

    /** Index in the stacks of the lock, where the pcpu holds it once; else -1. */
    const onlyHold = (pcpu: number) => {
      const own = innermostHold(locks, pcpu, isReleased);
      return own < 0 || innermostHold(locks, pcpu, isReleased, own - 1) >= 0 ? -1 : own;
    };

    return {
      before: {
        lock_release: ({ columns: c, validity: v }, row) => {
          if (!isValid(v.pcpu, row)) return;
          released = c.lock[row];
          const pcpu = c.pcpu[row];
          // Of one that was taken again the outermost hold counts.
          const own = onlyHold(pcpu);
          if (own < 0 || locks.heldMode[own] !== c.mode[row]) return;
          const ticks = lockFacts.ticksHeld(locks.heldTag[own]);
          holds.countAt(locks.heldCaller[own]);
          if (!(ticks > bound)) return;
          report({
            lock: released,
            lock_class: isValid(v.lock_class, row) ? c.lock_class[row] : -1,
            count: ticks,
            pcpu,
            caller: locks.heldCaller[own],
            at: { acquired: locks.heldSeq[own], released: now.seq },
          });
        },
      },
    };
  },
});
