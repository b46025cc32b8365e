import { isValid } from '@p2mtrace/trace-format';
import { mfnOf } from '../../batch/row-values.js';
import { defineCheck } from '../check.js';
import { isAllocated, isFree, knowsCount, ownerOf, slotOf } from '../known-pages.js';

/**
 * A put_page leaves a count of 0 with PGC_allocated set: it dropped the allocation's own reference, which only
 * put_page_alloc_ref may. Or it drops somebody's of this generation of the page, while its own was of the one before.
 */
export const putTooMany = defineCheck({
  rule: 'refcount.put-too-many',
  needs: ['refs'],
  make: ({ state: { pages }, refs, now, records, report, opportunities }) => {
    const puts = opportunities('put');
    const dropsRecorded = records('alloc_ref_drop');
    /** The put drops none that its pcpu took: before it changes the state. */
    let takesOthers = false;
    return {
      before: {
        put_page: (batch, row) => {
          takesOthers = false;
          if (!refs.hasLeftOvers) return;
          const slot = slotOf(pages, mfnOf(batch, row));
          takesOthers =
            slot !== 0 && refs.leftOver(slot, now.pcpu) !== undefined && refs.referencesOf(slot, now.pcpu) === 0;
        },
      },
      after: {
        put_page: (batch, row) => {
          const mfn = mfnOf(batch, row);
          const slot = slotOf(pages, mfn);
          if (slot === 0 || isFree(pages, slot) || !knowsCount(pages, slot)) return;
          puts.count();
          const isZero = pages.count(slot) === 0 && isAllocated(pages, slot);
          if (!isZero && !takesOthers) return;
          // Without recorded counts, what put_page_alloc_ref does may look like a put.
          if (!isValid(batch.validity.count_info, row) && !dropsRecorded) return;
          const left = takesOthers ? refs.leftOver(slot, now.pcpu) : undefined;
          report({
            confidence: isZero && isValid(batch.validity.count_info, row) ? 'proven' : 'likely',
            detail: left === undefined ? 'allocation' : 'earlier-generation',
            mfn,
            generation: pages.generation[slot],
            owner: ownerOf(pages, slot),
            at: {
              acquired: left?.seq,
              allocated: refs.allocatedAt(slot),
              put_before: refs.lastOddPut(slot),
              put: now.seq,
            },
          });
        },
      },
    };
  },
});
