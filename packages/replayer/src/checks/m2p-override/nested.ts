import { gfnOf, hasFailed, mfnOf } from '../../batch/row-values.js';
import { MAX_FRAME } from '../../memory/frame-table.js';
import type { MakeCheck } from '../check-scope.js';

/** m2p-override.nested: page->private and page->index have room for one mfn each (X§7), and a page gets a second. */
export const overrideNested: MakeCheck = ({ now, state, report }) => ({
  before: {
    m2p_override_add: (batch, row) => {
      const gfn = gfnOf(batch, row);
      const mfn = mfnOf(batch, row);
      const domid = batch.columns.domid[row];
      if (hasFailed(batch, row) || gfn >= MAX_FRAME || mfn >= MAX_FRAME) return;
      const { overrides } = state.linux;
      for (const other of overrides.framesOf(domid, gfn)) {
        const at = [overrides.seqOf(overrides.find(other, domid, gfn)), now.seq];
        report({ breach: 'nested', domid, gfn, mfn, at });
      }
    },
  },
});
