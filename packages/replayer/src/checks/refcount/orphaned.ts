import { DOMID_FIRST_RESERVED } from '@p2mtrace/trace-format';
import type { LastMapping } from '../../facts/last-mappings.js';
import { outermostHold } from '../../tables/held-locks.js';
import { defineCheck } from '../check.js';
import { DeadDomains } from '../dead-domains.js';
import { forEachFrame } from '../frames.js';
import { isAllocated, isFree, knowsCount, ownerOf, references } from '../known-pages.js';
import { VcpuSwitches } from '../vcpu-switches.js';

/**
 * When its domain begins to die, or else at the end of the trace, a page is a domain's, was mapped in its p2m, and is no
 * longer; nobody refers to it, and no cache has it. Its domain could not reach it, nor give it back.
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
      if (isFree(pages, slot) || owner < 0 || owner >= DOMID_FIRST_RESERVED || isControl.has(owner)) return false;
      if (!knowsCount(pages, slot) || !isAllocated(pages, slot) || pages.isSpecial(slot)) return false;
      return dead.fateOf(owner) === 'alive' && !mayBeCached(mfn, owner);
    };

    const switches = new VcpuSwitches();
    /** By pcpu: when it began to run another vcpu. What it has held since before was left behind. */
    const switched: number[] = [];

    /** Who unmapped the page still has a lock from before that: it may yet map the page elsewhere. */
    const isUnderWay = ({ pcpu, endedSeq }: LastMapping) =>
      outermostHold(locks, pcpu, i => locks.heldSeq[i] < endedSeq && !(locks.heldSeq[i] < (switched[pcpu] ?? -1))) >= 0;

    /** Looks at all pages of a domain, or of all domains that live (-1). */
    const judge = (domid: number) => {
      let mapped = 0;
      pages.forEach((mfn, slot) => {
        if ((domid >= 0 && ownerOf(pages, slot) !== domid) || !mayBeJudged(mfn, slot)) return;
        const owner = ownerOf(pages, slot);
        const last = lastMappings.lastOf(mfn, owner);
        if (p2ms.reverse.isMapped(mfn)) mapped++;
        else if (last !== undefined) {
          mapped++;
          if (references(pages, slot) > 0 || lastP2mSeq[owner] <= last.endedSeq || isUnderWay(last)) return;
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
    };

    return {
      before: {
        page_free: (batch, row) => forEachFrame(batch, row, freed),
        // From now on its pages go one by one.
        domain_dying: ({ columns }, row) => {
          const domid = columns.domid[row];
          if (lastP2mSeq[domid] >= 0 && !state.health.isDying(domid)) judge(domid);
        },
        sched_switch: (batch, row) => {
          const pcpu = switches.left(batch, row);
          if (pcpu >= 0) switched[pcpu] = now.seq;
        },
      },
      forget: pcpu => switches.forget(pcpu),
      end: () => judge(-1),
    };
  },
});
