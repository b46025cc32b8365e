import type { ReplayBatch } from '../../batch/replay-batch.js';
import { gfnOf } from '../../batch/row-values.js';
import { HOST } from '../../state/p2m-set.js';
import { reclaimedMfn } from '../../state/pod-state.js';
import { defineCheck } from '../check.js';
import { arePages, findFrame } from '../frames.js';
import { isFree, references, slotOf } from '../known-pages.js';
import { isRam, POPULATE_ON_DEMAND } from '../p2m-types.js';
import { CALLER, DOMID, GFN, isWrite, MFN, ORDER, SEQ, type Section, SINCE, TYPE, VIEW, WHAT } from '../section.js';

/**
 * A page goes back to PoD while somebody holds it, or is taken out of the p2m and goes nowhere. An aborted reclaim puts
 * the old mapping back (p2m_pod_zero_check in xen/arch/x86/mm/p2m-pod.c).
 */
export const podReclaim = defineCheck({
  rule: 'consistency.pod-reclaim',
  make: ({ state, now, isOrdered, report, opportunities }) => {
    const reclaims = opportunities('reclaim');
    const { pages, pod, reverse } = state;

    const isReferenced = (mfn: number) => {
      const slot = slotOf(pages, mfn);
      return slot !== 0 && references(pages, slot) > 0;
    };

    const reclaim = (batch: ReplayBatch, row: number) => {
      reclaims.count();
      const order = batch.columns.order[row];
      const first = reclaimedMfn(batch, row);
      const mfn = arePages(first, order) ? findFrame(first, order, isReferenced) : -1;
      if (mfn < 0) return;
      const slot = slotOf(pages, mfn);
      const at = { referenced: pages.countSeq[slot], reclaimed: now.seq };
      const domid = batch.columns.domid[row];
      report({ detail: 'referenced', domid, gfn: gfnOf(batch, row), mfn, order, count: pages.count(slot), at });
    };

    const look = (section: Section, at: number) => {
      const { data } = section;
      if (!isWrite(data[at + WHAT]) || data[at + TYPE] !== POPULATE_ON_DEMAND || data[at + VIEW] !== HOST) return;
      for (let old = section.replacedBy(at); old >= 0; old = section.replacedBy(at, old)) {
        if (!isRam(data[old + TYPE]) || data[old + MFN] < 0) continue;
        reclaims.countAt(data[old + CALLER]);
        lookAtReplaced(section, old);
      }
    };

    /** The entry at `old` mapped frames that must be somewhere now. */
    const lookAtReplaced = (section: Section, old: number) => {
      const { data } = section;
      const first = data[old + MFN];
      const since = data[old + SINCE];
      const mfn = findFrame(
        first,
        data[old + ORDER],
        frame => !isSomewhere(frame, since) && !isMapped(section, old, frame),
      );
      if (mfn < 0) return;
      report({
        detail: 'not-restored',
        confidence: section.confidence,
        pcpu: section.pcpu,
        domid: data[old + DOMID],
        gfn: data[old + GFN] + mfn - first,
        mfn,
        order: data[old + ORDER],
        caller: data[old + CALLER],
        at: { removed: data[old + SEQ] },
      });
    };

    /** Reclaimed, mapped, or freed: since `since` at any time, as an entry may outlive its domain. */
    const isSomewhere = (mfn: number, since: number) => {
      const slot = slotOf(pages, mfn);
      const isFreed = slot !== 0 && (isFree(pages, slot) || pages.lifeSeq[slot] > since);
      return pod.cache.find(mfn) >= 0 || reverse.isMapped(mfn) || isFreed;
    };

    return {
      before: { pod_zero_reclaim: reclaim },
      sectionEnd: section => {
        // A frame that another pcpu is given next may seem to be lost, where the order is a guess.
        if (isOrdered) section.forEach(look);
      },
    };
  },
});

/** A write behind the change at `from` mapped the frame, whatever became of it since: a section without locks is long. */
function isMapped(section: Section, from: number, mfn: number): boolean {
  return section.find(at => isWrite(section.data[at + WHAT]) && section.isOf(at, mfn), from) >= 0;
}
