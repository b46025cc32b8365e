import { FLAG, isP2mLevel, isRecorded, isValid, MODE_READ } from '@p2mtrace/trace-format';
import type { Handlers } from '../batch/handlers.js';
import type { ReplayBatch } from '../batch/replay-batch.js';
import { domidOf } from '../batch/row-values.js';
import type { TraceHead } from '../replay-options.js';
import type { ReplayContext } from '../state/replay-context.js';
import { DOMID, FRAME_TOUCHED, MFN, ORDER, Section } from './section.js';

/**
 * The section that each pcpu is in, and what it has changed there (docs/judging.md): between taking its first p2m
 * lock for writing and releasing the last; in a trace without such locks, between its first locked lookup and the last
 * put_gfn. What is changed outside of these is a section up to the pcpu's next event of another domain.
 */
export class Sections {
  /** Kinds that begin and end sections. */
  readonly after: Handlers;
  /** Sections that only an event of another domain ends. */
  private unlocked = 0;
  /** By pcpu + 1: an event without a pcpu is somebody's of its own. */
  private readonly byPcpu: Section[] = [];
  private readonly context: ReplayContext;
  private readonly isP2mClass: readonly boolean[];
  private readonly onEnd: (section: Section) => void;

  constructor(context: ReplayContext, { names, metadata }: TraceHead, onEnd: (ended: Section) => void) {
    this.context = context;
    this.onEnd = onEnd;
    this.isP2mClass = names.lock_class.map(name => name === 'p2m' || name === 'altp2m');
    if (isRecorded(metadata, 'lock_acquire')) this.after = this.lockHandlers;
    else this.after = isRecorded(metadata, 'put_gfn') ? this.lookupHandlers : {};
  }

  private readonly lockHandlers: Handlers = {
    lock_acquire: (batch, row) => {
      if (!this.isP2mLock(batch, row)) return;
      const section = this.current();
      if (section.isUnlocked && section.end > 0) this.unlocked--;
      // Where it was taken before the trace, or its loss, too, its depth tells.
      section.locks = section.isUnlocked ? Math.max(1, depthOf(batch, row)) : section.locks + 1;
    },
    lock_release: (batch, row) => {
      if (!this.isP2mLock(batch, row)) return;
      const section = this.current();
      // What was taken before the trace, or its loss, ends all the same: with the release of the outermost hold.
      const unlocked = section.isUnlocked;
      if (!unlocked) section.locks--;
      else if (depthOf(batch, row) > 1) {
        if (section.end > 0) this.unlocked--;
        section.locks = depthOf(batch, row) - 1;
      }
      if (section.locks === 0) this.finish(section, unlocked);
    },
    snapshot: (batch, row) => {
      const isHold = isValid(batch.validity.lock, row) && isValid(batch.validity.mode, row);
      if (isHold && this.isP2mLock(batch, row)) this.current().locks++;
    },
  };

  private readonly lookupHandlers: Handlers = {
    lookup: ({ columns }, row) => {
      if ((columns.flags[row] & FLAG.locked) === 0) return;
      const section = this.current();
      if (section.isUnlocked && section.end > 0) this.unlocked--;
      section.gets++;
    },
    put_gfn: () => {
      const section = this.current();
      const unlocked = section.isUnlocked;
      if (!unlocked) section.gets--;
      if (section.gets === 0) this.finish(section, unlocked);
    },
  };

  private isP2mLock({ columns: c, validity: v }: ReplayBatch, row: number): boolean {
    if (c.mode[row] === MODE_READ) return false;
    if (isValid(v.lock_class, row)) return this.isP2mClass[c.lock_class[row]];
    return isValid(v.level, row) && isP2mLevel(c.level[row]);
  }

  /** The section of the pcpu of the moment. */
  private current(): Section {
    const { pcpu } = this.context.now;
    while (this.byPcpu.length <= pcpu + 1) this.byPcpu.push(new Section(this.byPcpu.length - 1));
    return this.byPcpu[pcpu + 1];
  }

  /** A lock or a translation says where the section ends that the pcpu of the moment is in. */
  get isHeld(): boolean {
    return !this.current().isUnlocked;
  }

  /** Frames [mfn, mfn + 2^order) are to be looked at when the section ends that the pcpu of the moment is in. */
  touch(mfn: number, order = 0): void {
    const section = this.note(FRAME_TOUCHED, -1);
    section.data[section.last + MFN] = mfn;
    section.data[section.last + ORDER] = order;
  }

  /** An event of any kind, before it changes anything: it may be of another domain than a section that is bare. */
  pass(batch: ReplayBatch, row: number): void {
    if (this.unlocked === 0) return;
    const section = this.current();
    const domid = domidOf(batch, row);
    if (section.end === 0 || !section.isUnlocked || domid < 0 || domid === section.domid) return;
    if (section.domid < 0) section.domid = domid;
    else this.finish(section, true);
  }

  /** The pcpu of the moment has made a change in that domain (-1: any): the last one of its section from now on. */
  note(what: number, domid: number): Section {
    const section = this.current();
    if (section.end === 0 && section.isUnlocked) {
      this.unlocked++;
      section.domid = domid;
    }
    const at = section.add(what, this.context.now.seq, this.context.facts?.site() ?? -1);
    section.data[at + DOMID] = domid;
    return section;
  }

  /** Where the changes of the section end that the pcpu of the moment is in. */
  get mark(): number {
    return this.current().end;
  }

  /** What was noted since then has not changed anything. */
  rollback(mark: number): void {
    const section = this.current();
    if (section.isUnlocked && section.end > 0 && mark === 0) this.unlocked--;
    section.end = Math.min(section.end, mark);
  }

  /** What the section does was tried; whether it succeeded is not recorded. */
  attempt(): void {
    this.current().attempted = true;
  }

  /** Another pcpu is changing the frame under its locks: whether it fits is to be seen when that section ends. */
  isUnderChange(mfn: number, section: Section): boolean {
    return this.byPcpu.some(other => other !== section && !other.isUnlocked && other.hasChanged(mfn));
  }

  /** Another pcpu is at work on the frame under its locks, be it that it has changed no entry yet. */
  isInWork(mfn: number, section: Section): boolean {
    return this.byPcpu.some(other => other !== section && !other.isUnlocked && other.hasTouched(mfn));
  }

  private finish(section: Section, unlocked: boolean): void {
    if (section.end === 0) return;
    if (unlocked) this.unlocked--;
    this.onEnd(section);
    section.clear();
  }

  /** The trace ends, and all sections with it. */
  end(): void {
    for (const section of this.byPcpu) {
      section.truncatedByTrace = true;
      this.finish(section, section.isUnlocked);
    }
  }

  /** Loss: a section has an unknown rest, so that its end says nothing. */
  forget(): void {
    for (const section of this.byPcpu) {
      section.clear();
      section.locks = 0;
      section.gets = 0;
    }
    this.unlocked = 0;
  }
}

/** Recursion depth as recorded, 0 for none. */
const depthOf = ({ columns, validity }: ReplayBatch, row: number): number =>
  isValid(validity.depth, row) ? columns.depth[row] : 0;
