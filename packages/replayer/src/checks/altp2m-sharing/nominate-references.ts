import { gfnOf, hasFailed, mfnOf } from '../../batch/row-values.js';
import { MAX_FRAME } from '../../memory/frame-table.js';
import { defineCheck } from '../check.js';
import { isAllocated, isFree, knowsCount, slotOf } from '../known-pages.js';

/** A page is nominated for sharing while others hold it. */
export const nominateReferences = defineCheck({
  rule: 'altp2m-sharing.nominate-references',
  // Where references are not recorded, the nomination's own is not either.
  ifRecorded: ['get_page'],
  make: ({ state, now, earlierPuts, report, opportunities }) => {
    const nominations = opportunities('nominate');
    return {
      before: {
        share_nominate: (batch, row) => {
          const mfn = mfnOf(batch, row);
          // A page that is shared has more.
          if (hasFailed(batch, row) || mfn >= MAX_FRAME || state.sharing.rmaps.count(mfn) > 0) return;
          const { pages } = state;
          const slot = slotOf(pages, mfn);
          if (slot === 0 || !knowsCount(pages, slot) || isFree(pages, slot)) return;
          nominations.count();
          const count = pages.count(slot);
          if (count === 2 && isAllocated(pages, slot)) return;
          const confidence = count > 2 && earlierPuts(mfn) >= count - 2 ? 'possible' : 'proven';
          const at = { counted: pages.countSeq[slot], nominated: now.seq };
          report({ confidence, domid: batch.columns.domid[row], gfn: gfnOf(batch, row), mfn, count, expected: 2, at });
        },
      },
    };
  },
});
