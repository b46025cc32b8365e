import { forEachHold } from '../../tables/held-locks.js';
import { defineCheck } from '../check.js';
import { DeadDomains } from '../dead-domains.js';
import { forEachFrame } from '../frames.js';
import { FIRST_RESERVED_DOMID, isAllocated, isFree, knowsCount, ownerOf, references } from '../known-pages.js';

/**
 * At the end of the trace a page is a living domain's, was mapped in its p2m, and is no longer; nobody refers to it, and
 * no cache has it. Its domain can't reach it, nor give it back.
 */
export const orphaned = defineCheck({
  rule: 'refcount.orphaned',
  needs: ['lastMappings'],
  make: ({ state, p2ms, lastMappings, head, records, now, report, opportunities }) => {
    const unmaps = opportunities('unmap');
    const { pages, locks, pod, lastP2mSeq } = state;
    const dead = new DeadDomains({ state, p2ms, now, head });
    const isControl = new Set(head.metadata.controlDomains);
    const knowsCache = records('pod_cache_add');
    const freed = (mfn: number) => dead.freed(mfn);

    /** Pages go through a PoD cache that no event tells of. */
    const mayBeCached = (mfn: number, domid: number) =>
      knowsCache ? pod.cache.find(mfn) >= 0 : pod.domains.has(domid);

    const mayBeJudged = (mfn: number, slot: number) => {
      const owner = ownerOf(pages, slot);
      if (isFree(pages, slot) || owner < 0 || owner >= FIRST_RESERVED_DOMID || isControl.has(owner)) return false;
      if (!knowsCount(pages, slot) || !isAllocated(pages, slot) || pages.isSpecial(slot)) return false;
      return dead.fateOf(owner) === 'alive' && !mayBeCached(mfn, owner);
    };

    return {
      before: { page_free: (batch, row) => forEachFrame(batch, row, freed) },
      end: () => {
        // What is still under way when the trace ends may yet be mapped.
        let underWay = Number.POSITIVE_INFINITY;
        for (let pcpu = 0; pcpu < locks.pcpus; pcpu++) {
          forEachHold(locks, pcpu, i => {
            if (locks.heldSeq[i] < underWay) underWay = locks.heldSeq[i];
          });
        }
        let mapped = 0;
        pages.forEach((mfn, slot) => {
          if (!mayBeJudged(mfn, slot)) return;
          const owner = ownerOf(pages, slot);
          const last = lastMappings.lastOf(mfn, owner);
          if (p2ms.reverse.isMapped(mfn)) mapped++;
          else if (last !== undefined) {
            mapped++;
            if (references(pages, slot) > 0 || last.endedSeq >= underWay || lastP2mSeq[owner] <= last.endedSeq) return;
            report({
              confidence: 'likely',
              mfn,
              generation: pages.generation[slot],
              domid: owner,
              gfn: last.gfn,
              pcpu: -1,
              caller: -1,
              at: { unmapped: last.endedSeq, p2m_used_later: lastP2mSeq[owner] },
            });
          }
        });
        unmaps.countAt(-1, mapped);
      },
    };
  },
});
