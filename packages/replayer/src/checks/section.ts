import type { BreachConfidence } from '../facts/breach-table.js';
import { withRoom } from '../memory/frame-table.js';
import { framesOf } from '../memory/order.js';

/** What a change of a section is: an entry written by a set_entry, or by an event that implies it. */
export const ENTRY_WRITTEN = 0;
export const ENTRY_IMPLIED = 1;
/** A leaf, or the part of one, that a write put an end to; right before that write, and with its seq. */
export const ENTRY_REPLACED = 2;
/** A set_entry that failed. */
export const ENTRY_FAILED = 3;
export const M2P_SET = 4;
/** Something that a check has asked to look at again: the frame in question. */
export const FRAME_TOUCHED = 5;

/** An entry was written, in one of the two ways. */
export const isWrite = (what: number): boolean => what <= ENTRY_IMPLIED;

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
/** Of an entry that was replaced: the event that wrote it, or showed it first. */
export const SINCE = 9;
const WIDTH = 10;

/** Changes that are kept; a longer section is judged by its end alone. */
const MOST = 65_536;

/**
 * What one pcpu did to p2ms and the M2P, from its first p2m lock for writing to the release of the last
 * (docs/judging.md). A pcpu has one section at a time, and its memory is reused.
 */
export class Section {
  readonly pcpu: number;
  /** Changes, one behind the other. */
  data = new Float64Array(8 * WIDTH);
  /** Of `data`: where the changes end. */
  end = 0;
  /** The trace ended it: what is wrong now may be put right behind its end. */
  truncatedByTrace = false;
  /** Some of its writes were recorded before they were tried, and not after. */
  attempted = false;
  /** p2m locks held for writing, and, in a trace without them, translations that were not put. */
  locks = 0;
  gets = 0;
  /** Of a section that nothing holds together: the domain that it is about, -1 for unknown yet. */
  domid = -1;

  constructor(pcpu: number) {
    this.pcpu = pcpu;
  }

  /** Neither a lock nor a translation says where it ends. */
  get isUnlocked(): boolean {
    return this.locks === 0 && this.gets === 0;
  }

  /** How sure anything is that its end shows. */
  get confidence(): BreachConfidence {
    return this.truncatedByTrace ? 'possible' : this.attempted ? 'likely' : 'proven';
  }

  /** Adds a change of which no more is known yet, and returns where it lies. */
  add(what: number, seq: number, caller: number): number {
    if (this.end === MOST * WIDTH) this.end = 0;
    const at = this.end;
    this.end += WIDTH;
    if (this.end > this.data.length) this.data = withRoom(this.data, this.end);
    const { data } = this;
    data[at + WHAT] = what;
    data[at + SEQ] = seq;
    data[at + DOMID] = -1;
    data[at + VIEW] = -1;
    data[at + GFN] = -1;
    data[at + ORDER] = 0;
    data[at + MFN] = -1;
    data[at + TYPE] = -1;
    data[at + CALLER] = caller;
    data[at + SINCE] = Number.NaN;
    return at;
  }

  /** Of a change, the entry that it is about. */
  setEntry(at: number, view: number, gfn: number, mfn: number, type: number): void {
    const { data } = this;
    data[at + VIEW] = view;
    data[at + GFN] = gfn;
    data[at + MFN] = mfn;
    data[at + TYPE] = type;
  }

  /** Visits every change. A `visit` that is made once for all sections costs nothing but its call. */
  forEach(visit: (section: Section, at: number) => void): void {
    for (let at = 0; at < this.end; at += WIDTH) visit(this, at);
  }

  /** Visits every frame of a change, as far as it has one. */
  forEachFrame(at: number, visit: (mfn: number, section: Section, at: number) => void): void {
    const first = this.data[at + MFN];
    if (first < 0) return;
    const end = first + framesOf(this.data[at + ORDER]);
    for (let mfn = first; mfn < end; mfn++) visit(mfn, this, at);
  }

  /** Place of the first change from `from` on that meets the condition, -1 for none. */
  find(meets: (at: number) => boolean, from = 0): number {
    for (let at = from; at < this.end; at += WIDTH) if (meets(at)) return at;
    return -1;
  }

  /**
   * Place of a leaf that the write at `written` put an end to: the last one before `from`, -1 for none. They stand right
   * before the write, and have its seq.
   */
  replacedBy(written: number, from = written): number {
    const { data } = this;
    for (let at = from - WIDTH; at >= 0 && data[at + SEQ] === data[written + SEQ]; at -= WIDTH) {
      if (data[at + WHAT] === ENTRY_REPLACED) return at;
    }
    return -1;
  }

  /** Place of the write that put an end to the leaf at that place: the next change of its seq that is one. */
  replacing(old: number): number {
    const { data } = this;
    let at = old + WIDTH;
    while (at < this.last && data[at + WHAT] === ENTRY_REPLACED) at += WIDTH;
    return at;
  }

  /** The change is about the frame. */
  isOf(at: number, mfn: number): boolean {
    const first = this.data[at + MFN];
    return first >= 0 && mfn >= first && mfn < first + framesOf(this.data[at + ORDER]);
  }

  /** It has changed an entry of the frame, or its M2P. */
  hasChanged(mfn: number): boolean {
    const { data } = this;
    return (
      this.find(at => data[at + WHAT] !== ENTRY_FAILED && data[at + WHAT] !== FRAME_TOUCHED && this.isOf(at, mfn)) >= 0
    );
  }

  /** It has changed something about the frame, or a check has asked to look at it. */
  hasTouched(mfn: number): boolean {
    return this.find(at => this.data[at + WHAT] !== ENTRY_FAILED && this.isOf(at, mfn)) >= 0;
  }

  /** Place of the last change. */
  get last(): number {
    return this.end - WIDTH;
  }

  /** Nothing has changed. */
  clear(): void {
    this.end = 0;
    this.attempted = false;
    this.domid = -1;
  }
}
