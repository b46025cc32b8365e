import type { CurrentEvent } from '../batch/current-event.js';
import { FrameRecords } from '../memory/frame-records.js';
import { offsetIn, runOf } from '../memory/order.js';

/** Orders of leaves. */
const ORDERS = [0, 9, 18];

/** A record has two of these: of the last p2m that mapped the frames, and of the last one before that was another's. */
const DOMID = 0;
const GFN = 1;
const SEQ = 2;
const HALF = 3;

/** Where each frame was mapped last, by whom: of entries that ended. Who tells of a page at the end wants its gfn. */
export class LastMappings {
  private readonly now: CurrentEvent;
  /** By order of the leaf, and by run of that order. */
  private readonly levels = ORDERS.map(() => new FrameRecords(2 * HALF));

  constructor(now: CurrentEvent) {
    this.now = now;
  }

  /** A leaf ends that mapped the frames from `mfn` on. */
  ended(domid: number, gfn: number, mfn: number, order: number): void {
    const level = this.levels[order === 0 ? 0 : order === 9 ? 1 : 2];
    const at = level.make(runOf(mfn, order));
    const { data } = level;
    if (data[at + SEQ] > 0 && data[at + DOMID] !== domid) data.copyWithin(at + HALF, at, at + HALF);
    data[at + DOMID] = domid;
    data[at + GFN] = gfn;
    // A record that is new is all zeros.
    data[at + SEQ] = this.now.seq + 1;
  }

  /** gfn at which the domain mapped the frame last, NaN where the trace shows none that ended. */
  gfnOf(mfn: number, domid: number): number {
    let [gfn, seq] = [Number.NaN, 0];
    this.levels.forEach((level, i) => {
      const found = level.find(runOf(mfn, ORDERS[i]));
      for (const at of found < 0 ? [] : [found, found + HALF]) {
        if (level.data[at + DOMID] !== domid || level.data[at + SEQ] <= seq) continue;
        seq = level.data[at + SEQ];
        gfn = level.data[at + GFN] + offsetIn(mfn, ORDERS[i]);
      }
    });
    return gfn;
  }
}
