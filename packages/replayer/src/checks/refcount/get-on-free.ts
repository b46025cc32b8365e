import { FLAG } from '@p2mtrace/trace-format';
import { mfnOf } from '../../batch/row-values.js';
import { defineCheck } from '../check.js';
import { isFree, knowsCount, ownerOf, slotOf } from '../known-pages.js';

/** Somebody takes the first general reference of a page, which get_page must refuse. */
export const getOnFree = defineCheck({
  rule: 'refcount.get-on-free',
  make: ({ state: { pages }, now, report, opportunities }) => {
    const gets = opportunities('get');
    return {
      after: {
        get_page: (batch, row) => {
          if ((batch.columns.flags[row] & FLAG.failed) !== 0) return;
          const mfn = mfnOf(batch, row);
          const slot = slotOf(pages, mfn);
          if (slot === 0) return;
          gets.count();
          const free = isFree(pages, slot);
          if (!free && !(knowsCount(pages, slot) && pages.count(slot) === 1)) return;
          const at = { freed: free ? pages.lifeSeq[slot] : -1, get: now.seq };
          report({ mfn, generation: pages.generation[slot], owner: ownerOf(pages, slot), at });
        },
      },
    };
  },
});
