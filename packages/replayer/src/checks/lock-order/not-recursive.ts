import { FLAG, isValid, MODE_MUTEX, MODE_READ } from '@p2mtrace/trace-format';
import { innermostHold } from '../../tables/held-locks.js';
import { defineCheck } from '../check.js';
import { heldSince, lockColumns } from './lock-columns.js';

/** A pcpu takes a mutex that it holds, by a variant that is not recursive: Xen panics (_mm_lock in mm-locks.h). */
export const notRecursive = defineCheck({
  rule: 'lock-order.not-recursive',
  make: ({ state: { locks }, now, lockFacts, report, opportunities }) => {
    const acquisitions = opportunities('acquire');
    return {
      before: {
        lock_acquire: (batch, row) => {
          const { columns: c, validity: v } = batch;
          if (c.mode[row] !== MODE_MUTEX || (c.flags[row] & FLAG.recursive) !== 0 || !isValid(v.pcpu, row)) return;
          acquisitions.count();
          const pcpu = c.pcpu[row];
          const lock = c.lock[row];
          if (locks.owner[lock] !== pcpu) return;
          const isOwn = (i: number) => locks.heldLock[i] === lock && locks.heldMode[i] !== MODE_READ;
          const held = innermostHold(locks, pcpu, isOwn);
          if (held < 0) return;
          report({
            ...lockColumns(lockFacts, batch, row),
            at: { acquired: heldSince(locks, held), acquired_again: now.seq },
          });
        },
      },
    };
  },
});
