import { isValid, MODE_EXTERNAL, MODE_READ } from '@p2mtrace/trace-format';
import { outermostHold } from '../../tables/held-locks.js';
import { defineCheck } from '../check.js';
import { heldColumns, heldSince, lockColumns } from './lock-columns.js';
import { holdOf, releasesInnermost } from './released-hold.js';

/**
 * The last release of a lock while one that the pcpu took later, of a higher level than the release restores, is held
 * still: it leaves a wrong mm_lock_level behind (mm_unlock in xen/arch/x86/mm/mm-locks.h). Where an outer lock has the
 * level of both, any order restores that level, as in __mem_sharing_unshare_page.
 */
export const outOfOrderRelease = defineCheck({
  rule: 'lock-order.out-of-order-release',
  make: ({ state: { locks }, now, lockFacts, report, opportunities }) => {
    const releases = opportunities('release');
    return {
      before: {
        lock_release: (batch, row) => {
          const { columns: c, validity: v } = batch;
          if (isValid(v.pcpu, row) && locks.innermost(c.pcpu[row]) > locks.bottom(c.pcpu[row])) releases.count();
          if (releasesInnermost(locks, batch, row)) return;
          const lock = c.lock[row];
          const pcpu = c.pcpu[row];
          const mode = c.mode[row];
          if (mode === MODE_READ || mode === MODE_EXTERNAL || locks.depth[lock] > 1) return;
          const own = holdOf(locks, pcpu, lock, false);
          if (own < 0 || locks.heldLevel[own] === 0) return;
          const restored = locks.savedLevel(lock);
          const needsMore = (i: number) => {
            const held = locks.heldMode[i];
            const isOther = locks.heldLock[i] !== lock && held !== MODE_READ && held !== MODE_EXTERNAL;
            return isOther && locks.heldLevel[i] > restored;
          };
          const later = outermostHold(locks, pcpu, needsMore, own + 1);
          if (later < 0) return;
          report({
            ...lockColumns(lockFacts, batch, row),
            ...heldColumns(lockFacts, locks, later),
            at: {
              acquired: heldSince(locks, own),
              acquired_later: heldSince(locks, later),
              released: now.seq,
            },
          });
        },
      },
    };
  },
});
