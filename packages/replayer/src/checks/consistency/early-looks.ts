import type { CurrentEvent } from '../../batch/current-event.js';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { mfnOf } from '../../batch/row-values.js';
import { isUse } from '../../facts/translation-facts.js';
import { FrameRecords } from '../../memory/frame-records.js';
import { MAX_FRAME } from '../../memory/frame-table.js';
import { p2mKey } from '../../memory/keys.js';
import type { TlbState } from '../../state/tlb-state.js';
import { arePages, findFrame } from '../frames.js';

/** Of the last use of a frame: when, and by which pcpu. */
const SEQ = 0;
const PCPU = 1;

/** Looks at a page between the write that took it from the guest and the flush that made that true for everybody. */
export class EarlyLooks {
  private readonly now: CurrentEvent;
  private readonly tlb: TlbState;
  /** By p2m. */
  private readonly lastFlush = new Map<number, number>();
  /** Uses while some flush was due. */
  private readonly used = new FrameRecords(2);

  constructor(now: CurrentEvent, tlb: TlbState) {
    this.now = now;
    this.tlb = tlb;
  }

  /** page_use */
  use(batch: ReplayBatch, row: number): void {
    const isDue = this.tlb.deferred.size > 0;
    if (!isDue && this.used.size === 0) return;
    const mfn = mfnOf(batch, row);
    if (mfn < 0 || mfn >= MAX_FRAME || !isUse(batch.columns.flags[row])) return;
    if (isDue) {
      const at = this.used.make(mfn);
      this.used.data[at + SEQ] = this.now.seq;
      this.used.data[at + PCPU] = this.now.pcpu;
    } else {
      this.used.remove(mfn);
    }
  }

  /** tlb_flush */
  flush({ columns: c }: ReplayBatch, row: number): void {
    this.lastFlush.set(p2mKey(c.domid[row], c.view[row]), this.now.seq);
  }

  /**
   * The last look of this pcpu at one of the frames, if that came after their removal from the p2m and before its flush;
   * NaN for none.
   */
  find(p2m: number, first: number, order: number, removed: number): number {
    const flushed = this.lastFlush.get(p2m) ?? -1;
    if (this.used.size === 0 || flushed < removed || !arePages(first, order)) return Number.NaN;
    const mfn = findFrame(first, order, frame => {
      const at = this.used.find(frame);
      if (at < 0 || this.used.data[at + PCPU] !== this.now.pcpu) return false;
      const seq = this.used.data[at + SEQ];
      return seq > removed && seq < flushed;
    });
    return mfn < 0 ? Number.NaN : this.used.data[this.used.find(mfn) + SEQ];
  }

  clear(): void {
    this.lastFlush.clear();
    this.used.clear();
  }
}
