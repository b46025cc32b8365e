import { isValid, MODE_READ } from '@p2mtrace/trace-format';
import { withRoom } from '../../memory/frame-table.js';
import { innermostHold } from '../../tables/held-locks.js';
import { defineCheck } from '../check.js';
import { lockColumns } from './lock-columns.js';
import { holdOf, releasesInnermost } from './released-hold.js';

/** A lock is released that is free since its last release. */
export const releaseNotHeld = defineCheck({
  rule: 'lock-order.release-not-held',
  make: ({ state: { locks }, now, lockFacts, report, opportunities }) => {
    const releases = opportunities('release');
    /** By lock: seq of its last release, NaN for none. */
    let released = new Float64Array(64).fill(Number.NaN);

    const isHeld = (lock: number) => {
      for (let pcpu = 0; pcpu < locks.pcpus; pcpu++) {
        if (innermostHold(locks, pcpu, i => locks.heldLock[i] === lock) >= 0) return true;
      }
      return false;
    };

    return {
      before: {
        lock_release: (batch, row) => {
          const { columns: c, validity: v } = batch;
          if (!isValid(v.pcpu, row)) return;
          releases.count();
          const lock = c.lock[row];
          if (
            !releasesInnermost(locks, batch, row) &&
            locks.owner[lock] < 0 &&
            locks.depth[lock] === 0 &&
            holdOf(locks, c.pcpu[row], lock, c.mode[row] === MODE_READ) < 0 &&
            !isHeld(lock)
          ) {
            const at = { released: released[lock], released_again: now.seq };
            report({ ...lockColumns(lockFacts, batch, row), at });
          }
          if (lock >= released.length) {
            const known = released.length;
            released = withRoom(released, lock + 1).fill(Number.NaN, known);
          }
          released[lock] = now.seq;
        },
      },
    };
  },
});
