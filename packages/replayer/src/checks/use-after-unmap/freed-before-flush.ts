import { isValid } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { gfnOf, mfnOf } from '../../batch/row-values.js';
import { FrameRecords } from '../../memory/frame-records.js';
import { MAX_FRAME } from '../../memory/frame-table.js';
import { domidOfKey, p2mKey, viewOfKey } from '../../memory/keys.js';
import { alignDown, framesOf } from '../../memory/order.js';
import { MAX_ENTRY_ORDER } from '../../state/p2m-set.js';
import { MAX_PAGE_ORDER } from '../../tables/page-table.js';
import { defineCheck } from '../check.js';
import { tookPlace } from '../entry-writes.js';
import { FIRST_RESERVED_DOMID, formerOwner } from '../known-pages.js';

/** Removals that a p2m is remembered to have had since its last flush. */
const MOST = 4096;

/** Frames that an entry no longer gives. */
interface Removal {
  readonly gfn: number;
  readonly mfn: number;
  readonly order: number;
  readonly seq: number;
}

/** A frame is freed, or given away, after its entry went and before the TLB flush that was put off. */
export const freedBeforeFlush = defineCheck({
  rule: 'use-after-unmap.freed-before-flush',
  ifRecorded: ['tlb_flush_deferred'],
  make: ({ state, p2ms, now, report, opportunities }) => {
    const frees = opportunities('free');
    /** Frames that an entry gave, until they are freed. */
    const unmapped = new FrameRecords(1);
    /** By domid and view, as TlbState has them. */
    const removedFrom = new Map<number, Removal[]>();

    const write = (batch: ReplayBatch, row: number) => {
      const { columns: c } = batch;
      const order = c.order[row];
      const gfn = gfnOf(batch, row);
      if (gfn >= MAX_FRAME || order > MAX_ENTRY_ORDER || !tookPlace(batch, row)) return;
      const key = p2mKey(c.domid[row], c.view[row]);
      const table = p2ms.find(c.domid[row], c.view[row]);
      const newMfn = mfnOf(batch, row);
      let removed = removedFrom.get(key) ?? [];
      // What is mapped again need not be flushed.
      if (newMfn >= 0 && removed.length > 0) {
        const end = gfn + framesOf(order);
        removed = removed.filter(({ gfn: g, mfn }) => mfn - g !== newMfn - gfn || g < gfn || g >= end);
      }
      table?.forEachOverlap(alignDown(gfn, order), order, leafGfn => {
        const first = Math.max(gfn, leafGfn);
        const mfn = table.foundMfn(first);
        if (mfn < 0 || (newMfn >= 0 && mfn - first === newMfn - gfn)) return;
        if (removed.length === MOST) removed.shift();
        const removal = { gfn: first, mfn, order: Math.min(order, table.foundOrder), seq: now.seq };
        removed.push(removal);
        for (let i = 0; i < framesOf(removal.order); i++) unmapped.make(mfn + i);
      });
      removedFrom.set(key, removed);
    };

    const judge = (mfn: number, order: number, given: boolean) => {
      for (let i = 0; i < framesOf(order) && unmapped.size > 0; i++) {
        if (unmapped.find(mfn + i) < 0) continue;
        unmapped.remove(mfn + i);
        frees.count();
      }
      for (const [key, deferred] of state.tlb.deferred) {
        for (const removal of removedFrom.get(key) ?? []) {
          // The first frame that both have.
          const frame = Math.max(mfn, removal.mfn);
          if (frame >= mfn + framesOf(order) || frame >= removal.mfn + framesOf(removal.order)) continue;
          report({
            detail: given ? 'given' : 'freed',
            domid: domidOfKey(key),
            view: viewOfKey(key),
            gfn: removal.gfn + (frame - removal.mfn),
            mfn: frame,
            at: { deferred, removed: removal.seq, ...(given ? { given: now.seq } : { freed: now.seq }) },
          });
        }
      }
    };

    return {
      before: {
        set_entry: write,
        tlb_flush: ({ columns: c }, row) => {
          removedFrom.delete(p2mKey(c.domid[row], c.view[row]));
        },
        page_free: (batch, row) => {
          const order = batch.columns.order[row];
          if (order <= MAX_PAGE_ORDER) judge(mfnOf(batch, row), order, false);
        },
        owner_set: (batch, row) => {
          const { columns: c, validity: v } = batch;
          const old = formerOwner(state.pages, batch, row);
          if (!isValid(v.owner, row) || c.owner[row] >= FIRST_RESERVED_DOMID || old === c.owner[row]) return;
          judge(mfnOf(batch, row), 0, true);
        },
      },
      forget: () => {
        removedFrom.clear();
        unmapped.clear();
      },
      forgetDomain: domid => {
        for (const key of removedFrom.keys()) if (domidOfKey(key) === domid) removedFrom.delete(key);
      },
    };
  },
});
