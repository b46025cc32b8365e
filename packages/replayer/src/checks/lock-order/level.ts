import { isValid, MODE_READ } from '@p2mtrace/trace-format';
import { siteOf } from '../../batch/call-site.js';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { innermostHold } from '../../tables/held-locks.js';
import type { Breach } from '../breach-facts.js';
import { defineCheck } from '../check.js';
import { heldColumns, heldSince, lockColumns } from './lock-columns.js';

/**
 * Xen's own check fails, which sees what raised the pcpu's mm_lock_level (xen/arch/x86/mm/mm-locks.h). It comes before
 * the lock is taken and stops Xen, so that the wait may be the last that is heard of the pcpu.
 */
export const level = defineCheck({
  rule: 'lock-order.level',
  make: ({ state: { locks }, now, lockFacts, report, opportunities }) => {
    const acquisitions = opportunities('acquire');
    /** By pcpu: the wait that Xen's check refuses, as long as nothing of the pcpu follows. */
    const refused = new Map<number, Breach<'lock-order.level'>>();

    /** What raised the pcpu's level to that, from the hold of that index outwards; -1 for what nobody saw. */
    const raiserOf = (pcpu: number, raised: number, from: number) =>
      innermostHold(locks, pcpu, i => locks.heldLevel[i] === raised && locks.heldMode[i] !== MODE_READ, from);

    const wait = (batch: ReplayBatch, row: number) => {
      const { columns: c, validity: v } = batch;
      if (!isValid(v.pcpu, row) || !isValid(v.level, row)) return;
      const pcpu = c.pcpu[row];
      const lock = c.lock[row];
      if (!locks.wouldViolate(pcpu, lock, c.mode[row], c.level[row])) return;
      const raised = locks.level(pcpu);
      const held = raiserOf(pcpu, raised, locks.innermost(pcpu));
      refused.set(pcpu, {
        ...lockColumns(lockFacts, batch, row),
        ...heldColumns(lockFacts, locks, held),
        held_level: raised,
        pcpu,
        caller: siteOf(batch, row),
        at: { held: heldSince(locks, held), waited: now.seq },
      });
    };

    return {
      before: {
        lock_wait: wait,
        // Whoever goes on had been let through: taking the lock is judged by itself.
        lock_acquire: ({ columns: c }, row) => {
          if (refused.size > 0) refused.delete(c.pcpu[row]);
        },
        lock_release: ({ columns: c }, row) => {
          if (refused.size > 0) refused.delete(c.pcpu[row]);
        },
      },
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
          const held = raiserOf(pcpu, levelBefore, own - 1);
          report({
            ...lockColumns(lockFacts, batch, row),
            ...heldColumns(lockFacts, locks, held),
            held_level: levelBefore,
            at: { held: heldSince(locks, held), acquired: now.seq },
          });
        },
      },
      end: () => {
        for (const found of refused.values()) {
          acquisitions.countAt(found.caller ?? -1);
          report(found);
        }
      },
      forget: () => refused.clear(),
    };
  },
});
