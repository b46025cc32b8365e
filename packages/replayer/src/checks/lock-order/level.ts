import { isValid, MODE_READ } from '@p2mtrace/trace-format';
import { innermostHold } from '../../tables/held-locks.js';
import { defineCheck } from '../check.js';
import { heldColumns, heldSince, lockColumns } from './lock-columns.js';

/** Xen's own check fails, which sees what raised the pcpu's mm_lock_level (xen/arch/x86/mm/mm-locks.h). */
export const level = defineCheck({
  rule: 'lock-order.level',
  share: 'references',
  make: ({ state: { locks }, now, lockFacts, report, opportunities }) => {
    const acquisitions = opportunities('acquire');
    return {
      after: {
        lock_acquire: (batch, row) => {
          const { columns: c, validity: v } = batch;
          const pcpu = c.pcpu[row];
          const own = locks.innermost(pcpu);
          if (own <= locks.bottom(pcpu) || c.level[row] === 0 || !isValid(v.level, row) || !isValid(v.pcpu, row))
            return;
          acquisitions.count();
          const { violation, levelBefore } = locks.check;
          if (!violation) return;
          const isRaiser = (i: number) => locks.heldLevel[i] === levelBefore && locks.heldMode[i] !== MODE_READ;
          const held = innermostHold(locks, pcpu, isRaiser, own - 1);
          report({
            ...lockColumns(lockFacts, batch, row),
            ...heldColumns(lockFacts, locks, held),
            held_level: levelBefore,
            at: { held: heldSince(locks, held), acquired: now.seq },
          });
        },
      },
    };
  },
});
