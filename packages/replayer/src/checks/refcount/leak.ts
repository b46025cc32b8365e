import { defineCheck } from '../check.js';
import { forEachFrame } from '../frames.js';
import { isAllocated, ownerOf, references } from '../known-pages.js';

/**
 * At the end of the trace a page has lost the allocation's own reference (PGC_allocated), and its count is not 0. Of a
 * domain that lives the holder may yet come back.
 */
export const leak = defineCheck({
  rule: 'refcount.leak',
  needs: ['refs', 'lastMappings'],
  make: ({ state, p2ms, refs, lastMappings, now, report, opportunities }) => {
    const gets = opportunities('get');
    const { pages, health } = state;
    /** By domid: when the last page was freed that its p2m mapped. */
    const mappedFree = new Map<number, number>();

    const freed = (mfn: number) => {
      const mapped = p2ms.stillMapped(mfn);
      if (mapped !== undefined) mappedFree.set(mapped.domid, now.seq);
    };

    const judge = (mfn: number, slot: number) => {
      const owner = ownerOf(pages, slot);
      const tornDown = isTornDown(owner);
      const dropped = refs.allocationDropped(slot);
      const tell = (pcpu: number, acquired: number, caller: number) =>
        report({
          confidence: Number.isNaN(acquired) || Number.isNaN(dropped.seq) ? 'likely' : tornDown ? 'proven' : 'possible',
          detail: tornDown ? 'torn-down' : 'alive',
          mfn,
          generation: pages.generation[slot],
          domid: owner,
          gfn: gfnOf(mfn, owner),
          count: pages.count(slot),
          times: refs.takenAt(caller),
          pcpu,
          caller,
          held_caller: dropped.caller,
          at: { acquired, allocation_dropped: dropped.seq },
        });
      let held = 0;
      refs.forEachReference(slot, (pcpu, seq, caller) => {
        held++;
        tell(pcpu, seq, caller);
      });
      // Taken before the trace began.
      if (held === 0) tell(-1, Number.NaN, -1);
    };

    /** Where the domain maps the frame, or did last; NaN where the trace shows neither. */
    const gfnOf = (mfn: number, domid: number) => {
      const mapped = p2ms.reverse.mappings(mfn).find(({ p2m }) => p2ms.tables[p2m].domid === domid);
      return mapped?.gfn ?? lastMappings.gfnOf(mfn, domid);
    };

    /** The trace shows the end of the domain, or pages that its p2m mapped going with nobody using it afterwards. */
    const isTornDown = (domid: number) =>
      health.wasDestroyed(domid) || (mappedFree.get(domid) ?? Number.NaN) > state.lastP2mSeq[domid];

    return {
      before: { page_free: (batch, row) => forEachFrame(batch, row, freed) },
      end: () => {
        pages.forEach((mfn, slot) => {
          if (references(pages, slot) > 0 && !isAllocated(pages, slot)) judge(mfn, slot);
        });
        refs.forEachTaker((caller, taken) => gets.countAt(caller, taken));
      },
    };
  },
});
