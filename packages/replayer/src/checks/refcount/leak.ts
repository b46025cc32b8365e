import { type HeldReference, THROUGH_FOREIGN, THROUGH_GRANT, THROUGH_TABLE } from '../../facts/ref-facts.js';
import { defineCheck } from '../check.js';
import { DeadDomains } from '../dead-domains.js';
import { forEachFrame } from '../frames.js';
import { FIRST_RESERVED_DOMID, isAllocated, ownerOf, references } from '../known-pages.js';

/**
 * At the end of the trace a page has lost the allocation's own reference (PGC_allocated), and its count is not 0. Of a
 * domain that lives the holder may yet come back, and so may whoever has the page mapped.
 */
export const leak = defineCheck({
  rule: 'refcount.leak',
  needs: ['refs', 'lastMappings'],
  make: ({ state, p2ms, refs, lastMappings, now, report, opportunities }) => {
    const gets = opportunities('get');
    const { pages } = state;
    const dead = new DeadDomains(state, p2ms);

    const judge = (mfn: number, slot: number, tables: readonly LeakedTable[]) => {
      const owner = ownerOf(pages, slot);
      // A shared page is dom_cow's, which never ends: it goes with who had it.
      const last = lastMappings.lastOf(mfn, owner >= FIRST_RESERVED_DOMID ? -1 : owner);
      const isDead = dead.has(owner >= FIRST_RESERVED_DOMID ? (last?.domid ?? owner) : owner);
      const dropped = refs.allocationDropped(slot);
      const standing = p2ms.reverse.mappings(mfn).find(({ p2m }) => p2ms.tables[p2m].domid === owner);
      const tell = (held: HeldReference | undefined) => {
        const isKnown = held !== undefined && !Number.isNaN(dropped.seq);
        const isMapped = held !== undefined && isStillMapped(held);
        const table = held === undefined ? -1 : tableOf(mfn, held, tables);
        report({
          confidence: !isKnown ? 'likely' : isDead && !isMapped ? 'proven' : 'possible',
          detail: isMapped ? 'mapped' : isDead ? 'torn-down' : 'alive',
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
      isMapping(through) && Number.isNaN(endedSeq) && throughDomid >= 0 && !dead.has(throughDomid);

    /** The page table that never went, and for whose entry the reference was taken; -1 for none. */
    const tableOf = (mfn: number, held: HeldReference, tables: readonly LeakedTable[]) => {
      const table = tables.find(table => table.mfn !== mfn && refs.isOfValidated(table.slot, held));
      if (table !== undefined) return table.mfn;
      return held.through === THROUGH_TABLE && tables.some(one => one.mfn === held.throughId) ? held.throughId : -1;
    };

    const freed = (mfn: number) => dead.freed(mfn, now.seq);
    return {
      before: { page_free: (batch, row) => forEachFrame(batch, row, freed) },
      end: () => {
        const leaked: LeakedTable[] = [];
        pages.forEach((mfn, slot) => {
          if (references(pages, slot) > 0 && !isAllocated(pages, slot)) leaked.push({ mfn, slot });
        });
        const tables = leaked.filter(({ slot }) => state.isPageTable(slot));
        for (const { mfn, slot } of leaked) judge(mfn, slot, tables);
        refs.forEachTaker((caller, taken) => gets.countAt(caller, taken));
      },
    };
  },
});

interface LeakedTable {
  readonly mfn: number;
  readonly slot: number;
}

const isMapping = (through: number) => through === THROUGH_GRANT || through === THROUGH_FOREIGN;

/** How little a reference looks like one that was forgotten: least where what it was taken for is over. */
function doubt({ through, endedSeq, typed }: HeldReference): number {
  if (endedSeq >= 0) return 0;
  if (isMapping(through)) return 3;
  return typed ? 2 : 1;
}
