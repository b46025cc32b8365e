import type { CurrentEvent } from '../batch/current-event.js';
import { FrameRecords } from '../memory/frame-records.js';
import { offsetIn, runOf } from '../memory/order.js';

/** Orders of leaves. */
const ORDERS = [0, 9, 18];

/** A record has two of these: of the last p2m that mapped the frames, and of the last one before that was another's. */
const DOMID = 0;
const GFN = 1;
const SEQ = 2;
const PCPU = 3;
const HALF = 4;

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
    data[at + PCPU] = this.now.pcpu;
  }

  /** The entry of the domain, of any where none is named, that mapped the frame last: its gfn, and what ended it. */
  lastOf(mfn: number, domid = -1): LastMapping | undefined {
    let last: LastMapping | undefined;
    this.levels.forEach((level, i) => {
      const { data } = level;
      const found = level.find(runOf(mfn, ORDERS[i]));
      for (const at of found < 0 ? [] : [found, found + HALF]) {
        const endedSeq = data[at + SEQ] - 1;
        if (endedSeq < 0 || endedSeq < (last?.endedSeq ?? 0) || (domid >= 0 && data[at + DOMID] !== domid)) continue;
        last = {
          domid: data[at + DOMID],
          gfn: data[at + GFN] + offsetIn(mfn, ORDERS[i]),
          endedSeq,
          pcpu: data[at + PCPU],
        };
      }
    });
    return last;
  }
}

/** An entry that mapped a frame. */
export interface LastMapping {
  readonly domid: number;
  readonly gfn: number;
  /** The event that ended it. */
  readonly endedSeq: number;
  /** Who ended it, -1 for nobody knows. */
  readonly pcpu: number;
}
