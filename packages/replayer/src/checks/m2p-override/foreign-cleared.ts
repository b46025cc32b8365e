import { FLAG } from '@p2mtrace/trace-format';
import { gfnOf, mfnOf } from '../../batch/row-values.js';
import { MAX_FRAME } from '../../memory/frame-table.js';
import { defineCheck } from '../check.js';
import { isForeign, overridesOf } from './linux-frames.js';

/** The frontend's pfn is no longer FOREIGN while an override of its mfn is left. */
export const foreignCleared = defineCheck({
  rule: 'm2p-override.foreign-cleared',
  make: ({ state: { linux }, now, report, opportunities }) => {
    const clears = opportunities('clear');
    return {
      before: {
        phys_to_machine_set: (batch, row) => {
          const gfn = gfnOf(batch, row);
          const mfn = mfnOf(batch, row);
          const domid = batch.columns.domid[row];
          if (mfn < 0 || gfn >= MAX_FRAME || mfn >= MAX_FRAME || (batch.columns.flags[row] & FLAG.foreign) !== 0)
            return;
          if (!isForeign(linux, domid, gfn, mfn)) return;
          clears.count();
          const members = overridesOf(linux, domid, mfn);
          // A page that overrides the mfn is the backend's.
          if (members.length === 0 || members.some(member => member.gfn === gfn)) return;
          report({ domid, gfn, mfn, at: { override: members[0].seq, cleared: now.seq } });
        },
      },
    };
  },
});
