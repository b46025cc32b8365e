import { gfnOf, hasFailed, mfnOf } from '../../batch/row-values.js';
import { MAX_FRAME } from '../../memory/frame-table.js';
import { oldMfnOf } from '../../state/linux-state.js';
import { defineCheck } from '../check.js';

/** A removal gives the page another mfn than m2p_add_override saved in page->index. */
export const wrongRestore = defineCheck({
  rule: 'm2p-override.wrong-restore',
  make: ({ state, now, report, opportunities }) => {
    const restores = opportunities('restore');
    return {
      before: {
        m2p_override_remove: (batch, row) => {
          const gfn = gfnOf(batch, row);
          const mfn = mfnOf(batch, row);
          const domid = batch.columns.domid[row];
          if (hasFailed(batch, row) || gfn >= MAX_FRAME || mfn >= MAX_FRAME) return;
          const { overrides } = state.linux;
          const member = overrides.find(mfn, domid, gfn);
          const restored = oldMfnOf(batch, row);
          if (member === 0 || Number.isNaN(restored)) return;
          const saved = overrides.valueOf(member);
          if (Number.isNaN(saved)) return;
          restores.count();
          if (saved === restored) return;
          report({ domid, gfn, mfn, at: { saved: overrides.seqOf(member), restored: now.seq } });
        },
      },
    };
  },
});
