import { type HeldReference, isMapping, THROUGH_TABLE } from '../../facts/ref-facts.js';
import { defineCheck } from '../check.js';
import { DeadDomains } from '../dead-domains.js';
import { forEachFrame } from '../frames.js';
import { ownerOf } from '../known-pages.js';
import { KnownTypes } from '../known-types.js';
import { confidenceOf, DETAIL, LeakedPages, lastMappingOf } from './leaked-pages.js';

/**
 * At the end of the trace a page has lost the allocation's own reference (PGC_allocated), and its count is not 0. Of a
 * domain that lives the holder may yet come back, and so may whoever has the page mapped.
 */
export const leak = defineCheck({
  rule: 'refcount.leak',
  needs: ['refs', 'lastMappings'],
  make: ({ state, p2ms, refs, lastMappings, head, now, report, opportunities }) => {
    const gets = opportunities('get');
    const { pages } = state;
    const types = new KnownTypes(pages, state.profile);
    const dead = new DeadDomains({ state, p2ms, now, head, refs });

    const judge = (mfn: number, slot: number, leaked: LeakedPages) => {
      const owner = ownerOf(pages, slot);
      const last = lastMappingOf(lastMappings, mfn, owner);
      const domid = last?.domid ?? owner;
      const fate = leaked.areRelinquished(owner) && dead.fateOf(domid) === 'alive' ? 'dying' : dead.fateOf(domid);
      const dropped = refs.allocationDropped(slot);
      const standing = p2ms.reverse.someMappings(mfn).find(({ p2m }) => p2ms.tables[p2m].domid === owner);
      const tell = (held: HeldReference | undefined) => {
        const isKnown = held !== undefined && !Number.isNaN(dropped.seq);
        // Whoever has a type reference on a page uses it for long, and its domain may end before: a ring, a registered area.
        const isInUse = (fate === 'alive' || fate === 'zombie') && types.isKnown(slot) && types.references(slot) > 0;
        const isMapped = isInUse || (held !== undefined && isStillMapped(held));
        const table = held === undefined ? -1 : leaked.tableOf(mfn, held);
        report({
          confidence: isMapped ? 'possible' : confidenceOf(fate, isKnown),
          detail: isMapped ? 'mapped' : DETAIL[fate],
          mfn,
          generation: pages.generation[slot],
          domid: owner,
          gfn: standing?.gfn ?? last?.gfn ?? Number.NaN,
          count: pages.count(slot),
          pcpu: held?.pcpu ?? -1,
          caller: held?.caller ?? -1,
          by_lock: held?.byLock ?? 0,
          held_caller: dropped.caller,
          held_by_lock: dropped.byLock,
          through: table >= 0 ? THROUGH_TABLE : (held?.through ?? -1),
          through_id: table >= 0 ? table : (held?.throughId ?? Number.NaN),
          through_domid: held?.throughDomid ?? -1,
          at: { acquired: held?.seq, allocation_dropped: dropped.seq, unmapped: held?.endedSeq },
        });
      };
      const held = refs.heldOf(slot);
      // Taken before the trace began.
      if (held.length === 0) tell(undefined);
      // More seem to be held than are, if puts before the trace are missing: those that fit best are told.
      held.sort((a, b) => doubt(a) - doubt(b));
      for (const reference of held.slice(0, pages.count(slot))) tell(reference);
    };

    /** Who has the page mapped is still there, and so is the mapping. */
    const isStillMapped = ({ through, throughDomid, endedSeq }: HeldReference) =>
      isMapping(through) && Number.isNaN(endedSeq) && throughDomid >= 0 && dead.fateOf(throughDomid) === 'alive';

    const freed = (mfn: number) => dead.freed(mfn);
    return {
      before: { page_free: (batch, row) => forEachFrame(batch, row, freed) },
      end: () => {
        const leaked = new LeakedPages(state, refs);
        for (const { mfn, slot } of leaked.pages) judge(mfn, slot, leaked);
        refs.forEachTaker((caller, taken) => gets.countAt(caller, taken));
      },
    };
  },
});

/** How little a reference looks like one that was forgotten: least where what it was taken for is over. */
function doubt({ through, endedSeq, typed }: HeldReference): number {
  if (endedSeq >= 0) return 0;
  if (isMapping(through)) return 3;
  return typed ? 2 : 1;
}
