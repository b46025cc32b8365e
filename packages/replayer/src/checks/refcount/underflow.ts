import { isValid } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { mfnOf } from '../../batch/row-values.js';
import { defineCheck } from '../check.js';
import { isFree, knowsCount, ownerOf, slotOf } from '../known-pages.js';

/** Somebody drops a general reference that is not there. */
export const underflow = defineCheck({
  rule: 'refcount.underflow',
  make: ({ state: { pages }, now, report, opportunities }) => {
    const puts = opportunities('put');
    const put = (batch: ReplayBatch, row: number) => {
      const mfn = mfnOf(batch, row);
      const slot = slotOf(pages, mfn);
      if (slot === 0) return;
      puts.count();
      const free = isFree(pages, slot);
      // One below 0 wraps inside the count's own bits, as Xen's would; no count that a pool writes raw is as high.
      const hasCount = knowsCount(pages, slot) || isValid(batch.validity.count_info, row);
      const isBelow = hasCount ? pages.countBits.isHighest(pages.countLow[slot], pages.countHigh[slot]) : free;
      if (!isBelow) return;
      const at = { freed: free ? pages.lifeSeq[slot] : -1, put: now.seq };
      report({ mfn, generation: pages.generation[slot], owner: ownerOf(pages, slot), at });
    };
    return { after: { put_page: put, alloc_ref_drop: put } };
  },
});
