import { FLAG, KIND, KINDS } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { gfnOf, hasFailed, mfnOf } from '../../batch/row-values.js';
import type { BreachConfidence } from '../../facts/breach-table.js';
import { MAX_FRAME } from '../../memory/frame-table.js';
import { defineCheck } from '../check.js';
import { isForeign, overridesOf } from './linux-frames.js';

const K_PHYS_TO_MACHINE_SET = KIND.phys_to_machine_set;

/** A removal after which the frontend's pfn should not be FOREIGN any more. */
interface Pending {
  readonly domid: number;
  readonly gfn: number;
  readonly mfn: number;
  readonly pcpu: number;
  readonly caller: number;
  readonly foreignSet: number;
  readonly removed: number;
}

/** The last override of an mfn is gone, and the frontend's pfn stays FOREIGN. */
export const foreignLeft = defineCheck({
  rule: 'm2p-override.foreign-left',
  ifRecorded: ['m2p_override_remove'],
  make: ({ state, now, site, report, opportunities }) => {
    const removals = opportunities('remove');
    /** By domain and mfn, as text: pfns that were made FOREIGN(mfn) by an event of its own, with its seq. */
    const foreign = new Map<string, Map<number, number>>();
    let pending: Pending[] = [];

    /** Whatever its pcpu does next decides of a removal. */
    const decide = (batch: ReplayBatch, row: number) => {
      if (pending.length === 0 || batch.columns.kind[row] === K_PHYS_TO_MACHINE_SET) return;
      const { pcpu } = now;
      for (const removal of pending) if (removal.pcpu === pcpu) tell(removal, 'proven');
      pending = pending.filter(removal => removal.pcpu !== pcpu);
    };

    const tell = (removal: Pending, confidence: BreachConfidence) => {
      const { domid, gfn, mfn, pcpu, caller, foreignSet, removed } = removal;
      if (!isForeign(state.linux, domid, gfn, mfn)) return;
      report({ confidence, domid, gfn, mfn, pcpu, caller, at: { foreign_set: foreignSet, removed } });
    };

    return {
      before: Object.fromEntries(KINDS.map(({ name }) => [name, decide])),
      after: {
        phys_to_machine_set: (batch, row) => {
          const gfn = gfnOf(batch, row);
          const mfn = mfnOf(batch, row);
          if ((batch.columns.flags[row] & FLAG.foreign) === 0 || mfn < 0 || mfn >= MAX_FRAME || gfn >= MAX_FRAME)
            return;
          const name = `${batch.columns.domid[row]} ${mfn}`;
          const pfns = foreign.get(name) ?? new Map<number, number>();
          foreign.set(name, pfns.set(gfn, now.seq));
        },
        m2p_override_remove: (batch, row) => {
          const mfn = mfnOf(batch, row);
          const domid = batch.columns.domid[row];
          if (hasFailed(batch, row) || overridesOf(state.linux, domid, mfn).length > 0) return;
          removals.count();
          const name = `${domid} ${mfn}`;
          for (const [gfn, foreignSet] of foreign.get(name) ?? []) {
            if (!isForeign(state.linux, domid, gfn, mfn)) continue;
            pending.push({ domid, gfn, mfn, pcpu: now.pcpu, caller: site(), foreignSet, removed: now.seq });
          }
          foreign.delete(name);
        },
      },
      end: () => {
        for (const removal of pending) tell(removal, 'possible');
      },
      forget: () => {
        foreign.clear();
        pending = [];
      },
      forgetDomain: domid => {
        pending = pending.filter(removal => removal.domid !== domid);
        for (const name of foreign.keys()) if (name.startsWith(`${domid} `)) foreign.delete(name);
      },
    };
  },
});
