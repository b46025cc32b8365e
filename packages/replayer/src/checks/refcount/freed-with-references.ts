import { defineCheck } from '../check.js';
import { forEachFrame } from '../frames.js';
import { isFree, knowsCount, ownerOf, slotOf } from '../known-pages.js';

/** A page is freed with a count above 0. */
export const freedWithReferences = defineCheck({
  rule: 'refcount.freed-with-references',
  make: ({ state: { pages }, now, report, opportunities }) => {
    const frees = opportunities('free');
    const free = (mfn: number) => {
      const slot = slotOf(pages, mfn);
      if (slot === 0 || isFree(pages, slot) || !knowsCount(pages, slot)) return;
      frees.count();
      const count = pages.count(slot);
      if (!(count > 0)) return;
      report({ mfn, owner: ownerOf(pages, slot), count, at: { counted: pages.countSeq[slot], freed: now.seq } });
    };
    return { before: { page_free: (batch, row) => forEachFrame(batch, row, free) } };
  },
});
