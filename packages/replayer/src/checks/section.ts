import { withRoom } from '../frame-table.js';

/** What a change of a section is. */
export const ENTRY_WRITTEN = 0;
/** A leaf, or the part of one, that a write put an end to. */
export const ENTRY_REPLACED = 1;
export const ENTRY_FAILED = 2;
export const M2P_SET = 3;
/** Something that a check has asked to look at again: the frame in question. */
export const FRAME_TOUCHED = 4;

/** Where a change's numbers lie; ids and frames are -1 for none. */
export const WHAT = 0;
export const SEQ = 1;
export const DOMID = 2;
export const VIEW = 3;
export const GFN = 4;
export const ORDER = 5;
export const MFN = 6;
export const TYPE = 7;
/** Index of the call site: the event's own, or that of the innermost lock held. */
export const CALLER = 8;
const WIDTH = 9;

/** Changes that are kept; a longer section is judged by its end alone. */
const MOST = 65_536;

/**
 * What one pcpu did to p2ms and the M2P, from its first p2m lock for writing to the release of the last
 * (docs/judgement.md). A pcpu has one section at a time, and its memory is reused.
 */
export class Section {
  readonly pcpu: number;
  /** Changes, the first one at 0, the next one `stride` numbers behind. */
  data = new Float64Array(8 * WIDTH);
  /** Of `data`: where the changes end. */
  end = 0;
  readonly stride = WIDTH;
  /** The trace ended it: what is wrong now may be put right behind its end. */
  cut = false;
  /** p2m locks held for writing, and, in a trace without them, translations that were not put. */
  locks = 0;
  gets = 0;
  /** Of a section that nothing holds together: the domain that it is about, -1 for unknown yet. */
  domid = -1;

  constructor(pcpu: number) {
    this.pcpu = pcpu;
  }

  /** Neither a lock nor a translation says where it ends. */
  get isBare(): boolean {
    return this.locks === 0 && this.gets === 0;
  }

  add(
    what: number,
    seq: number,
    domid: number,
    view: number,
    gfn: number,
    order: number,
    mfn: number,
    type: number,
    caller: number,
  ): void {
    if (this.end === MOST * WIDTH) this.end = 0;
    const at = this.end;
    this.end += WIDTH;
    this.data = withRoom(this.data, this.end);
    this.data[at + WHAT] = what;
    this.data[at + SEQ] = seq;
    this.data[at + DOMID] = domid;
    this.data[at + VIEW] = view;
    this.data[at + GFN] = gfn;
    this.data[at + ORDER] = order;
    this.data[at + MFN] = mfn;
    this.data[at + TYPE] = type;
    this.data[at + CALLER] = caller;
  }

  /** Nothing has changed. */
  clear(): void {
    this.end = 0;
    this.domid = -1;
  }
}
