import type { StateImage } from './state-image.js';

/** Translations that one pcpu can have outstanding: code holds a few; older ones are forgotten. */
const LIMIT = 64;
/** Numbers of a translation: domid, view, gfn, mfn (-1 for none), seq of the lookup (NaN for before the trace). */
const FIELDS = 5;
const VIEW = 1;
const GFN = 2;
const MFN = 3;
const SEQ = 4;

/** A translation that a pcpu looked up with the gfn's lock held, and has not put. */
export interface Translation {
  readonly domid: number;
  readonly view: number;
  readonly gfn: number;
  /** -1 for INVALID_MFN. */
  readonly mfn: number;
  /** NaN for one that was there before the trace. */
  readonly seq: number;
}

/** The outstanding translations of one pcpu, innermost last. */
export class Outstanding {
  private depth = 0;
  private data = new Float64Array(LIMIT * FIELDS);

  push(domid: number, view: number, gfn: number, mfn: number, seq: number): void {
    if (this.depth === LIMIT) {
      this.data.copyWithin(0, FIELDS);
      this.depth--;
    }
    const at = this.depth++ * FIELDS;
    this.data[at] = domid;
    this.data[at + VIEW] = view;
    this.data[at + GFN] = gfn;
    this.data[at + MFN] = mfn;
    this.data[at + SEQ] = seq;
  }

  /** Ends the innermost translation of the gfn, if there is one. */
  end(domid: number, view: number, gfn: number): void {
    const { data } = this;
    for (let at = (this.depth - 1) * FIELDS; at >= 0; at -= FIELDS) {
      if (data[at + GFN] !== gfn || data[at] !== domid || data[at + VIEW] !== view) continue;
      data.copyWithin(at, at + FIELDS, this.depth * FIELDS);
      this.depth--;
      return;
    }
  }

  clear(): void {
    this.depth = 0;
  }

  /** Oldest first. */
  all(): Translation[] {
    return Array.from({ length: this.depth }, (_, i) => {
      const [domid, view, gfn, mfn, seq] = this.data.subarray(i * FIELDS, (i + 1) * FIELDS);
      return { domid, view, gfn, mfn, seq };
    });
  }

  transfer(image: StateImage): void {
    this.depth = image.number('depth', this.depth);
    this.data = image.array('data', this.data);
  }
}
