import { gfnOf, hasFailed, mfnOf } from '../../batch/row-values.js';
import { MAX_FRAME } from '../../memory/frame-table.js';
import { defineCheck } from '../check.js';

/** page->private and page->index have room for one mfn each, and a page gets a second override. */
export const nested = defineCheck({
  rule: 'm2p-override.nested',
  make: ({ state, now, report, opportunities }) => {
    const additions = opportunities('add');
    return {
      before: {
        m2p_override_add: (batch, row) => {
          const gfn = gfnOf(batch, row);
          const mfn = mfnOf(batch, row);
          const domid = batch.columns.domid[row];
          if (hasFailed(batch, row) || gfn >= MAX_FRAME || mfn >= MAX_FRAME) return;
          additions.count();
          const { overrides } = state.linux;
          for (const other of overrides.framesOf(domid, gfn)) {
            const override = overrides.seqOf(overrides.find(other, domid, gfn));
            report({ domid, gfn, mfn, at: { override, nested: now.seq } });
          }
        },
      },
    };
  },
});
