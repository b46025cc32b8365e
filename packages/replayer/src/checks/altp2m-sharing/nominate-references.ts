import { gfnOf, hasFailed, mfnOf } from '../../batch/row-values.js';
import { MAX_FRAME } from '../../memory/frame-table.js';
import type { MakeCheck } from '../check-scope.js';
import { isAllocated, isFree, knowsCount, slotOf } from '../known-pages.js';

/** altp2m-sharing.nominate-references: a page is nominated for sharing while others hold it (X§5.3). */
export const nominateReferences: MakeCheck = ({ now, state, records, report }) => ({
  before: {
    share_nominate: (batch, row) => {
      const mfn = mfnOf(batch, row);
      // Where references are not recorded, the nomination's own is not either; a page that is shared has more.
      if (hasFailed(batch, row) || mfn >= MAX_FRAME || !records('get_page')) return;
      if (state.sharing.rmaps.count(mfn) > 0) return;
      const { pages } = state;
      const slot = slotOf(pages, mfn);
      if (slot === 0 || !knowsCount(pages, slot) || isFree(pages, slot)) return;
      const count = pages.count(slot);
      if (count === 2 && isAllocated(pages, slot)) return;
      const [domid, gfn] = [batch.columns.domid[row], gfnOf(batch, row)];
      report({
        breach: 'nominate-references',
        domid,
        gfn,
        mfn,
        count,
        expected: 2,
        at: [pages.countSeq[slot], now.seq],
      });
    },
  },
});
