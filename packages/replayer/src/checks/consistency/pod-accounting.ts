import type { ReplayBatch } from '../../batch/replay-batch.js';
import { arg0Of, mfnOf } from '../../batch/row-values.js';
import { FrameRecords } from '../../memory/frame-records.js';
import { framesOf } from '../../memory/order.js';
import { HOST } from '../../state/p2m-set.js';
import { defineCheck } from '../check.js';
import { arePages, findFrame, forEachFrame } from '../frames.js';
import { knowsCount, slotOf } from '../known-pages.js';
import { CALLER, FRAME_TOUCHED, isWrite, type Section, WHAT } from '../section.js';

/** The PoD cache has a page that it must not have, or counts wrong. */
export const podAccounting = defineCheck({
  rule: 'consistency.pod-accounting',
  make: ({ state, p2ms, now, sections, report, opportunities }) => {
    const counts = opportunities('count');
    const entered = opportunities('cache');
    const { pages, pod, reverse } = state;
    /** Of frames that an event put into a cache: its seq. Whether they still are there the state knows. */
    const cachedSeq = new FrameRecords(1);
    /** Frames of the section at hand. */
    const reported = new Set<number>();

    const checkCount = (batch: ReplayBatch, row: number, sign: 1 | -1) => {
      const domid = batch.columns.domid[row];
      const known = pod.domains.get(domid);
      const count = arg0Of(batch, row);
      if (known === undefined || Number.isNaN(known.count) || Number.isNaN(count)) return;
      counts.count();
      const expected = known.count + sign * framesOf(batch.columns.order[row]);
      if (count === expected) return;
      const at = { counted: known.countSeq, cached: now.seq };
      report({ detail: 'count', domid, mfn: mfnOf(batch, row), count, expected, at });
    };

    const noteCached = (mfn: number) => {
      entered.count();
      const at = cachedSeq.make(mfn);
      cachedSeq.data[at] = now.seq;
    };

    const isXens = (mfn: number) => {
      const slot = slotOf(pages, mfn);
      return slot !== 0 && knowsCount(pages, slot) && pages.isSpecial(slot);
    };

    /** The frames enter a cache: none may be Xen's own; and by the end of the section none may be mapped. */
    const enter = (batch: ReplayBatch, row: number) => {
      const order = batch.columns.order[row];
      const first = mfnOf(batch, row);
      if (!arePages(first, order)) return;
      forEachFrame(batch, row, noteCached);
      sections.touch(first, order);
      const mfn = findFrame(first, order, isXens);
      if (mfn < 0) return;
      const at = { special: pages.countSeq[slotOf(pages, mfn)], cached: now.seq };
      report({ detail: 'special', mechanism: 'cache', domid: batch.columns.domid[row], mfn, order, at });
    };

    const lookAtFrame = (mfn: number, section: Section, change: number) => {
      const cached = pod.cache.find(mfn);
      const known = cachedSeq.find(mfn);
      if (cached < 0 || known < 0 || !reverse.isMapped(mfn) || reported.has(mfn)) return;
      const domid = pod.cache.data[cached];
      for (const { p2m, gfn } of reverse.someMappings(mfn)) {
        const table = p2ms.tables[p2m];
        if (table.domid !== domid || table.view !== HOST || !table.find(gfn)) continue;
        reported.add(mfn);
        report({
          detail: 'mapped',
          mechanism: 'cache',
          confidence: section.confidence,
          domid,
          gfn,
          mfn,
          p2m_type: table.typeAt(gfn),
          pcpu: section.pcpu,
          caller: section.data[change + CALLER],
          at: { mapped: table.foundSeq, cached: cachedSeq.data[known] },
        });
        return;
      }
    };

    /** Frames that entered a cache in the section, or that it mapped: none may be in a cache and in the host p2m. */
    const look = (section: Section, at: number) => {
      const what = section.data[at + WHAT];
      if (isWrite(what) || what === FRAME_TOUCHED) section.forEachFrame(at, lookAtFrame);
    };

    return {
      before: {
        pod_cache_add: (batch, row) => {
          checkCount(batch, row, 1);
          enter(batch, row);
        },
        pod_cache_get: (batch, row) => checkCount(batch, row, -1),
      },
      sectionEnd: section => {
        if (cachedSeq.size === 0) return;
        section.forEach(look);
        reported.clear();
      },
      forget: () => cachedSeq.clear(),
    };
  },
});
