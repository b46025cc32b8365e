import { isValid, MODE_READ } from '@p2mtrace/trace-format';
import { innermostHold } from '../../tables/held-locks.js';
import { defineCheck } from '../check.js';
import { heldColumns, heldSince, lockColumns } from './lock-columns.js';

/** Xen's own check passes, but would not if read locks raised the mm_lock_level (_mm_read_lock in mm-locks.h). */
export const readInversion = defineCheck({
  rule: 'lock-order.read-inversion',
  make: ({ state: { locks }, now, lockFacts, report, opportunities }) => {
    const acquisitions = opportunities('acquire');
    let acquired = 0;
    const isHigherRead = (i: number) => locks.heldLevel[i] > acquired && locks.heldMode[i] === MODE_READ;
    return {
      after: {
        lock_acquire: (batch, row) => {
          const { columns: c, validity: v } = batch;
          const pcpu = c.pcpu[row];
          const own = locks.innermost(pcpu);
          acquired = c.level[row];
          if (own <= locks.bottom(pcpu) || acquired === 0 || !isValid(v.level, row) || !isValid(v.pcpu, row)) return;
          acquisitions.count();
          // What the pcpu has for itself already may be taken again at any level.
          if (locks.check.violation || locks.check.expectedDepth > 1) return;
          const held = innermostHold(locks, pcpu, isHigherRead, own - 1);
          if (held < 0) return;
          report({
            ...lockColumns(lockFacts, batch, row),
            ...heldColumns(lockFacts, locks, held),
            at: { held: heldSince(locks, held), acquired: now.seq },
          });
        },
      },
    };
  },
});
