import type { ReplayBatch } from '../../batch/replay-batch.js';
import { mfnOf } from '../../batch/row-values.js';
import { defineCheck } from '../check.js';
import { forEachFrame } from '../frames.js';
import { isFree, knowsCount, ownerOf, slotOf } from '../known-pages.js';
import { KnownTypes } from '../known-types.js';

/** A page has a type reference and no general one. */
export const typeWithoutGeneral = defineCheck({
  rule: 'refcount.type-without-general',
  make: ({ state: { pages, profile }, relinquishedTypes, report, opportunities }) => {
    const changes = opportunities('count');
    const types = new KnownTypes(pages, profile);
    const relinquished = relinquishedTypes();
    /** Frames that were reported, until they are allocated anew. */
    const reported = new Set<number>();

    /** The page has lost a general reference, or got a type reference: it may have the one without the other. */
    const judge = (batch: ReplayBatch, row: number) => {
      const mfn = mfnOf(batch, row);
      const slot = slotOf(pages, mfn);
      if (slot === 0 || !knowsCount(pages, slot)) return;
      changes.count();
      if (pages.count(slot) > 0 || isFree(pages, slot)) return;
      if (!types.isKnown(slot) || types.count(slot) === 0 || types.mayBeXenHeap(slot)) return;
      if (reported.has(mfn) || relinquished.has(mfn)) return;
      reported.add(mfn);
      report({
        // What relinquish_memory does to a partial page no event tells; this one does not look like it.
        confidence: types.isPartial(slot) ? 'likely' : 'proven',
        mfn,
        owner: ownerOf(pages, slot),
        count: types.count(slot),
        at: { type: pages.typeSeq[slot], count: pages.countSeq[slot] },
      });
    };

    const allocated = (mfn: number) => reported.delete(mfn);
    return {
      after: {
        put_page: judge,
        alloc_ref_drop: judge,
        get_type: judge,
        page_alloc: (batch, row) => {
          if (reported.size > 0) forEachFrame(batch, row, allocated);
        },
      },
      forget: () => reported.clear(),
    };
  },
});
