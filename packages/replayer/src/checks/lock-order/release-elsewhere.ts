import { MODE_READ } from '@p2mtrace/trace-format';
import { defineCheck } from '../check.js';
import { heldSince, lockColumns } from './lock-columns.js';
import { holdOf, releasesInnermost } from './released-hold.js';

/** A lock is released that another pcpu holds. A reader's release says nothing of who writes. */
export const releaseElsewhere = defineCheck({
  rule: 'lock-order.release-elsewhere',
  make: ({ state: { locks }, now, lockFacts, report, opportunities }) => {
    const releases = opportunities('release');
    return {
      before: {
        lock_release: (batch, row) => {
          releases.count();
          if (releasesInnermost(locks, batch, row)) return;
          const { columns: c } = batch;
          const lock = c.lock[row];
          const owner = locks.owner[lock];
          if (owner < 0 || c.mode[row] === MODE_READ || holdOf(locks, c.pcpu[row], lock, false) >= 0) return;
          const held = holdOf(locks, owner, lock, false);
          if (held < 0) return;
          report({
            ...lockColumns(lockFacts, batch, row),
            at: { acquired: heldSince(locks, held), released: now.seq },
          });
        },
      },
    };
  },
});
