import type { Handlers } from '../../batch/handlers.js';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { gfnOf } from '../../batch/row-values.js';
import { p2mKey } from '../../memory/keys.js';
import { alignDown } from '../../memory/order.js';
import { HOST } from '../../state/p2m-set.js';
import { reclaimedMfn } from '../../state/pod-state.js';
import { defineCheck } from '../check.js';
import { arePages, findFrame } from '../frames.js';
import { isFree, references, slotOf } from '../known-pages.js';
import { isRam, POPULATE_ON_DEMAND } from '../p2m-types.js';
import { CALLER, DOMID, GFN, isWrite, MFN, ORDER, SEQ, type Section, SINCE, TYPE, VIEW, WHAT } from '../section.js';
import { EarlyLooks } from './early-looks.js';

/**
 * A page goes back to PoD while somebody holds it, or may still write it through a TLB; or it is taken out of the p2m and
 * goes nowhere. An aborted reclaim puts the old mapping back (p2m_pod_zero_check in xen/arch/x86/mm/p2m-pod.c).
 */
export const podReclaim = defineCheck({
  rule: 'consistency.pod-reclaim',
  make: ({ state, p2ms, now, isOrdered, earlierPuts, records, report, opportunities }) => {
    const reclaims = opportunities('reclaim');
    const flushes = opportunities('flush');
    const { pages, pod, reverse, tlb } = state;
    const hasFlushes = records('tlb_flush_deferred') && records('tlb_flush');
    const looks = new EarlyLooks(now, tlb);

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
      const confidence = earlierPuts(mfn) >= references(pages, slot) ? 'possible' : 'proven';
      const what = { domid, gfn: gfnOf(batch, row), mfn, order, count: pages.count(slot) };
      report({ detail: 'referenced', confidence, ...what, at });
    };

    /**
     * Until the removal is flushed others write the page by what their TLBs have of it: looked at before, it may be found
     * zero and not be so.
     */
    const checkFlush = (batch: ReplayBatch, row: number) => {
      const { domid: domids, order } = batch.columns;
      const domid = domids[row];
      const gfn = alignDown(gfnOf(batch, row), order[row]);
      const table = p2ms.find(domid, HOST);
      if (!table?.find(gfn) || table.typeAt(gfn) !== POPULATE_ON_DEMAND || !(table.foundSeq >= 0)) return;
      const removed = table.foundSeq;
      const mfn = reclaimedMfn(batch, row);
      flushes.count();
      const p2m = p2mKey(domid, HOST);
      const deferred = tlb.deferred.get(p2m) ?? Number.NaN;
      const what = { mechanism: 'flush', domid, gfn, mfn, order: order[row] } as const;
      if (deferred <= removed) {
        report({ detail: 'unflushed', ...what, at: { removed, deferred, reclaimed: now.seq } });
        return;
      }
      const looked = looks.find(p2m, mfn, order[row], removed);
      if (looked >= 0) report({ detail: 'looked-unflushed', ...what, at: { removed, looked, reclaimed: now.seq } });
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

    const flushHandlers: Handlers = {
      page_use: (batch, row) => looks.use(batch, row),
      tlb_flush: (batch, row) => looks.flush(batch, row),
    };
    return {
      before: {
        ...(hasFlushes ? flushHandlers : {}),
        pod_zero_reclaim: (batch, row) => {
          reclaim(batch, row);
          if (hasFlushes) checkFlush(batch, row);
        },
      },
      forget: () => looks.clear(),
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
