import { FLAG, KIND } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { mfnOf } from '../../batch/row-values.js';
import { defineCheck } from '../check.js';
import { slotOf } from '../known-pages.js';
import { KnownTypes } from '../known-types.js';

const K_PUT_PAGE = KIND.put_page;
const K_PUT_TYPE = KIND.put_type;
/** A get_page with the flag light, among kinds. */
const LIGHT_GET = 127;
/** Events of a pcpu that are remembered; the two follow each other. */
const REMEMBERED = 8;

/** The last reference events of a pcpu, as a ring. */
class LastEvents {
  private readonly mfn = new Float64Array(REMEMBERED).fill(-1);
  private readonly kind = new Int8Array(REMEMBERED);
  private next = 0;

  add(mfn: number, kind: number): void {
    this.mfn[this.next] = mfn;
    this.kind[this.next] = kind;
    this.next = (this.next + 1) % REMEMBERED;
  }

  /** Kind of the last one on that frame, -1 where it was too long ago. */
  kindOf(mfn: number): number {
    for (let i = 1; i <= REMEMBERED; i++) {
      const at = (this.next + REMEMBERED - i) % REMEMBERED;
      if (this.mfn[at] === mfn) return this.kind[at];
    }
    return -1;
  }
}

/** PGT_partial that a put_type cleared without a put_page before it. */
interface Cleared {
  readonly mfn: number;
  readonly partial_set: number | undefined;
  readonly partial_cleared: number;
}

/**
 * PGT_partial owns a general reference, which get_page_light takes right before the flag is set, and put_page drops
 * right before it is cleared, or right behind it where the type itself is put (xen/arch/x86/mm.c).
 */
export const partialReference = defineCheck({
  rule: 'refcount.partial-reference',
  ifRecorded: ['get_type'],
  make: ({ state: { pages, profile }, now, report, opportunities }) => {
    const changes = opportunities('partial');
    const types = new KnownTypes(pages, profile);
    const byPcpu: LastEvents[] = [];
    /** By pcpu: what its next reference event decides. */
    const due: (Cleared | undefined)[] = [];
    /** Frame → when PGT_partial was set. */
    const partialSeq = new Map<number, number>();
    let clearedBy: Cleared | undefined;
    let wasKnown = false;
    let wasPartial = false;

    const remember = (batch: ReplayBatch, row: number) => {
      const slot = slotOf(pages, mfnOf(batch, row));
      wasKnown = slot !== 0 && types.isKnown(slot);
      wasPartial = wasKnown && types.isPartial(slot);
    };

    /** The pcpu goes on, with a put_page of that frame (-1: with something else). */
    const settle = (pcpu: number, dropped: number) => {
      const one = due[pcpu];
      if (one === undefined) return;
      due[pcpu] = undefined;
      const { mfn, ...at } = one;
      if (mfn !== dropped) report({ mfn, at });
    };

    const note = (batch: ReplayBatch, row: number) => {
      const { columns: c } = batch;
      const { pcpu } = now;
      if (pcpu < 0) return;
      settle(pcpu, c.kind[row] === K_PUT_PAGE ? mfnOf(batch, row) : -1);
      if ((c.flags[row] & FLAG.failed) !== 0) return;
      byPcpu[pcpu] ??= new LastEvents();
      byPcpu[pcpu].add(mfnOf(batch, row), (c.flags[row] & FLAG.light) !== 0 ? LIGHT_GET : c.kind[row]);
    };

    const judge = (batch: ReplayBatch, row: number) => {
      const mfn = mfnOf(batch, row);
      const slot = slotOf(pages, mfn);
      if (slot === 0 || !wasKnown || !types.isKnown(slot)) return;
      const isPartial = types.isPartial(slot);
      if (isPartial === wasPartial) return;
      const last = byPcpu[now.pcpu]?.kindOf(mfn) ?? -1;
      if (last >= 0) changes.count();
      if (last >= 0 && last !== (isPartial ? LIGHT_GET : K_PUT_PAGE)) {
        const cleared = { partial_set: partialSeq.get(mfn), partial_cleared: now.seq };
        if (isPartial) report({ mfn, at: { partial_set: now.seq } });
        else if (batch.columns.kind[row] === K_PUT_TYPE) clearedBy = { mfn, ...cleared };
        else report({ mfn, at: cleared });
      }
      if (isPartial) partialSeq.set(mfn, now.seq);
      else partialSeq.delete(mfn);
    };
    const typed = (batch: ReplayBatch, row: number) => {
      clearedBy = undefined;
      judge(batch, row);
      note(batch, row);
      if (now.pcpu >= 0) due[now.pcpu] = clearedBy;
    };

    return {
      before: { get_type: remember, put_type: remember },
      after: { get_type: typed, put_type: typed, get_page: note, put_page: note, alloc_ref_drop: note },
      forget: () => {
        byPcpu.length = 0;
        due.length = 0;
        partialSeq.clear();
      },
    };
  },
});
