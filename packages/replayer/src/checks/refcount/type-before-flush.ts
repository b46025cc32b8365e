import type { ReplayBatch } from '../../batch/replay-batch.js';
import { hasFailed, mfnOf } from '../../batch/row-values.js';
import { PGT_TYPES } from '../../tables/type-bits.js';
import { defineCheck } from '../check.js';
import { ownerOf, slotOf } from '../known-pages.js';
import { KnownTypes } from '../known-types.js';

const WRITABLE = PGT_TYPES.indexOf('writable');
/** Types whose page nobody may write: a stale writable translation would. */
const PROTECTED = new Set(['l1', 'l2', 'l3', 'l4', 'seg_desc'].map(name => PGT_TYPES.indexOf(name as never)));

/** A type that was taken without a flush, until the page is used. */
interface Unflushed {
  readonly domid: number;
  readonly type: number;
  readonly pcpu: number;
  readonly caller: number;
  readonly flushed: number;
  readonly dropped: number;
  readonly typed: number;
}

/**
 * A page that was writable becomes a page table or descriptor table, and no TLB flush of its owner comes between the
 * last writable reference and the use of the page (_get_page_type, XSA-401).
 */
export const typeBeforeFlush = defineCheck({
  rule: 'refcount.type-before-flush',
  ifRecorded: ['tlb_flush'],
  make: ({ state: { pages, profile }, now, site, report, opportunities }) => {
    const changes = opportunities('change');
    const types = new KnownTypes(pages, profile);
    /** By domid: its last flush. Who has none has flushes that nobody recorded. */
    const flushed = new Map<number, number>();
    const unflushed = new Map<number, Unflushed>();
    /** When the page's last writable reference went, NaN where it had another type or has one still. */
    let dropped = Number.NaN;

    const used = (batch: ReplayBatch, row: number) => {
      if (unflushed.size === 0) return;
      const mfn = mfnOf(batch, row);
      const found = unflushed.get(mfn);
      if (found === undefined) return;
      unflushed.delete(mfn);
      const { domid, type, pcpu, caller } = found;
      const at = { flushed: found.flushed, writable_dropped: found.dropped, typed: found.typed, used: now.seq };
      // A processor that has loaded another page table since needs no flush, and no event tells of that.
      report({ confidence: 'likely', mfn, domid, pgt_type: type, pcpu, caller, at });
    };

    return {
      before: {
        get_type: (batch, row) => {
          used(batch, row);
          const slot = slotOf(pages, mfnOf(batch, row));
          const wasWritable = slot !== 0 && types.isKnown(slot) && types.count(slot) === 0;
          dropped = wasWritable && types.pgtType(slot) === WRITABLE ? pages.typeSeq[slot] : Number.NaN;
        },
        put_type: used,
        put_page: used,
        page_use: used,
        tlb_flush: ({ columns }, row) => {
          const domid = columns.domid[row];
          flushed.set(domid, now.seq);
          for (const [mfn, one] of unflushed) if (one.domid === domid) unflushed.delete(mfn);
        },
      },
      after: {
        get_type: (batch, row) => {
          if (Number.isNaN(dropped) || hasFailed(batch, row)) return;
          const mfn = mfnOf(batch, row);
          const slot = slotOf(pages, mfn);
          const domid = ownerOf(pages, slot);
          const last = flushed.get(domid);
          if (last === undefined || !types.isKnown(slot) || !PROTECTED.has(types.pgtType(slot))) return;
          changes.count();
          if (last > dropped) return;
          const type = types.pgtType(slot);
          unflushed.set(mfn, { domid, type, pcpu: now.pcpu, caller: site(), flushed: last, dropped, typed: now.seq });
        },
      },
      forget: () => {
        flushed.clear();
        unflushed.clear();
      },
      forgetDomain: domid => flushed.delete(domid),
    };
  },
});
