import { defineCheck } from '../check.js';
import { DeadDomains } from '../dead-domains.js';
import { forEachFrame } from '../frames.js';
import { ownerOf } from '../known-pages.js';
import { KnownTypes } from '../known-types.js';
import { confidenceOf, DETAIL, LeakedPages, lastMappingOf } from './leaked-pages.js';

/**
 * At the end of the trace a page that has lost the allocation's own reference still has one of its type: the general
 * one that goes with it is not dropped either, nor what a page table's entries hold. What they hold is no leak of its own.
 */
export const typeLeak = defineCheck({
  rule: 'refcount.type-leak',
  needs: ['refs', 'lastMappings'],
  ifRecorded: ['get_type'],
  make: ({ state, p2ms, refs, lastMappings, head, relinquishedTypes, now, report, opportunities }) => {
    const gets = opportunities('get');
    const { pages, profile } = state;
    const types = new KnownTypes(pages, profile);
    const dead = new DeadDomains({ state, p2ms, now, head, refs });
    const relinquished = relinquishedTypes();
    const freed = (mfn: number) => dead.freed(mfn);

    const judge = (mfn: number, slot: number, leaked: LeakedPages) => {
      const owner = ownerOf(pages, slot);
      const dropped = refs.allocationDropped(slot);
      const held = refs.heldOf(slot).find(({ typed }) => typed);
      if (held !== undefined && leaked.tableOf(mfn, held) >= 0) return;
      const isKnown = held !== undefined && !Number.isNaN(dropped.seq);
      const last = lastMappingOf(lastMappings, mfn, owner);
      const domid = last?.domid ?? owner;
      const fate = leaked.areRelinquished(owner) && dead.fateOf(domid) === 'alive' ? 'dying' : dead.fateOf(domid);
      report({
        confidence: confidenceOf(fate, isKnown),
        detail: DETAIL[fate],
        mfn,
        generation: pages.generation[slot],
        domid: owner,
        gfn: last?.gfn ?? Number.NaN,
        count: types.count(slot),
        pgt_type: types.pgtType(slot),
        pcpu: held?.pcpu ?? -1,
        caller: held?.caller ?? -1,
        by_lock: held?.byLock ?? 0,
        at: { acquired: held?.seq, type_changed: pages.typeSeq[slot], allocation_dropped: dropped.seq },
      });
    };

    return {
      before: { page_free: (batch, row) => forEachFrame(batch, row, freed) },
      after: { get_type: () => gets.count() },
      end: () => {
        const leaked = new LeakedPages(state, refs);
        for (const { mfn, slot } of leaked.pages) {
          if (!types.isKnown(slot) || types.references(slot) === 0) continue;
          if (!types.mayBeXenHeap(slot) && !relinquished.has(mfn)) judge(mfn, slot, leaked);
        }
      },
    };
  },
});
