import { FLAG } from '@p2mtrace/trace-format';
import { gfnOf, mfnOf } from '../../batch/row-values.js';
import { MAX_FRAME } from '../../memory/frame-table.js';
import type { MakeCheck } from '../check-scope.js';
import { isForeign, overridesOf } from './linux-frames.js';

/** m2p-override.foreign-cleared: the frontend's pfn is no longer FOREIGN while an override of its mfn is left (mail 3). */
export const foreignCleared: MakeCheck = ({ now, state, report }) => ({
  before: {
    phys_to_machine_set: (batch, row) => {
      const gfn = gfnOf(batch, row);
      const mfn = mfnOf(batch, row);
      const domid = batch.columns.domid[row];
      if (mfn < 0 || gfn >= MAX_FRAME || mfn >= MAX_FRAME || (batch.columns.flags[row] & FLAG.foreign) !== 0) return;
      if (!isForeign(state.linux, domid, gfn, mfn)) return;
      const members = overridesOf(state.linux, domid, mfn);
      // A page that overrides the mfn is the backend's.
      if (members.length === 0 || members.some(member => member.gfn === gfn)) return;
      report({ breach: 'foreign-cleared', domid, gfn, mfn, at: [members[0].seq, now.seq] });
    },
  },
});
