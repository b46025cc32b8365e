import { DOMID_FIRST_RESERVED, isValid } from '@p2mtrace/trace-format';
import { mfnOf } from '../../batch/row-values.js';
import { defineCheck } from '../check.js';
import { forEachFrame } from '../frames.js';
import { formerOwner, isFree, ownerOf, slotOf } from '../known-pages.js';
import { KnownTypes } from '../known-types.js';

const PAGE_TABLES = new Set(['l1', 'l2', 'l3', 'l4']);

/** A page is freed, or given to another domain, with a type that somebody still relies on. */
export const freedWithType = defineCheck({
  rule: 'refcount.freed-with-type',
  make: ({ state: { pages, profile }, now, relinquishedTypes, records, report, opportunities }) => {
    const frees = opportunities('free');
    const gifts = opportunities('give');
    const types = new KnownTypes(pages, profile);
    const relinquished = relinquishedTypes();
    const showsReferences = records('get_page') && records('put_page');

    const judge = (mfn: number, slot: number, given: boolean) => {
      if (!types.isKnown(slot) || types.mayBeXenHeap(slot) || relinquished.has(mfn)) return;
      // Whether relinquish_memory took the reference of a partial page, only references tell.
      if (types.isPartial(slot) && !showsReferences) return;
      (given ? gifts : frees).count();
      const name = types.name(slot) ?? '';
      // Whether a writable page is validated does not matter; of what is looked at once, it does.
      const isStale = types.isValidated(slot) && (PAGE_TABLES.has(name) || (given && name === 'seg_desc'));
      if (types.count(slot) === 0 && !isStale) return;
      report({
        detail: given ? 'given' : 'freed',
        mechanism: given ? 'give' : 'free',
        // What relinquish_memory does to a partial page no event tells; this one does not look like it.
        confidence: types.isPartial(slot) ? 'likely' : 'proven',
        mfn,
        owner: ownerOf(pages, slot),
        count: types.count(slot),
        at: { typed: pages.typeSeq[slot], ...(given ? { given: now.seq } : { freed: now.seq }) },
      });
    };

    const free = (mfn: number) => {
      const slot = slotOf(pages, mfn);
      if (slot !== 0 && !isFree(pages, slot)) judge(mfn, slot, false);
    };

    return {
      before: {
        page_free: (batch, row) => forEachFrame(batch, row, free),
        owner_set: (batch, row) => {
          const { columns: c, validity: v } = batch;
          const mfn = mfnOf(batch, row);
          const slot = slotOf(pages, mfn);
          if (slot === 0 || !isValid(v.owner, row) || c.owner[row] >= DOMID_FIRST_RESERVED) return;
          const old = formerOwner(pages, batch, row);
          if (old >= 0 && old < DOMID_FIRST_RESERVED && old !== c.owner[row]) judge(mfn, slot, true);
        },
      },
    };
  },
});
