import { FLAG, KIND } from '@p2mtrace/trace-format';
import type { CurrentEvent } from '../batch/current-event.js';
import { withRoom } from '../memory/frame-table.js';
import { framesOf } from '../memory/order.js';
import { holdsNothing } from '../tables/held-locks.js';
import type { LockTable } from '../tables/lock-table.js';
import type { BreachConfidence } from './breach-table.js';
import { Calls } from './calls.js';
import { offsetsOf } from './fact-columns.js';
import { LOOKUPS, PROTECTED_BY_LOCK, PROTECTED_BY_NOTHING, PROTECTED_BY_REF, USES } from './fact-specs.js';
import type { FactTable } from './fact-table.js';
import type { FactWriter } from './fact-writer.js';
import { MOST_WATCHED, WatchedTranslations } from './watched-translations.js';

const LOOKUP = offsetsOf(LOOKUPS);
const USE = offsetsOf(USES);
const BY_SET_ENTRY = 0;
const BY_PAGE_FREE = 1;

/**
 * The link of an open lookup tells what protects it still: LOCK for the lock that it returned with, and REF for each
 * reference that its pcpu took on the mfn.
 */
const LOCK = 1;
const REF = 2;

/** Calls behind its own in which a translation may still be meant: a call may have parts at several call sites. */
const CALLS_KEPT = 2;

/** Flags of a page_use that is a use; an unmap ends one. */
const OPS = FLAG.map | FLAG.read | FLAG.write;
export const isUse = (flags: number): boolean => (flags & OPS) !== 0;

/** A lookup that nothing protects any more. */
export interface BareLookup {
  readonly seq: number;
  /** When the last protection ended, or the lookup itself where there was none. */
  readonly since: number;
  readonly domid: number;
  readonly view: number;
  readonly gfn: number;
  readonly caller: number;
}

/** One that was used after its entry had changed. */
export interface StaleLookup extends BareLookup {
  /** When it had. */
  readonly changed: number;
  /** The frame was freed, as opposed to the entry written. */
  readonly freed: boolean;
  /** Where it is watched. */
  readonly place: number;
  /** How sure it is that the use is of this lookup. */
  readonly confidence: BreachConfidence;
}

/** What became of each translation: protected how and until when, made wrong by what, and used after that or not. */
export class TranslationFacts {
  private readonly lookups: FactTable<typeof LOOKUPS>;
  private readonly uses: FactTable<typeof USES>;
  private readonly now: CurrentEvent;
  private readonly locks: LockTable;
  private readonly watched = new WatchedTranslations();
  private readonly calls = new Calls();
  /** By pcpu: translations watched that a lock protects. */
  private locked = new Int32Array(0);
  /**
   * By pcpu: of its translations, those of calls before that one were all protected when they were looked through; and 1
   * where one of them is not any more.
   */
  private passed = new Float64Array(0);
  private bared = new Uint8Array(0);
  /** The last use, or refused get_page, of a translation that had become wrong: when, and its place; NaN for none yet. */
  private staleSeq = Number.NaN;
  private stalePlace = 0;
  private refusedSeq = Number.NaN;
  private refusedPlace = 0;

  constructor(writer: FactWriter, now: CurrentEvent, locks: LockTable) {
    this.lookups = writer.table(LOOKUPS);
    this.uses = writer.table(USES);
    this.now = now;
    this.locks = locks;
  }

  lookup(domid: number, view: number, gfn: number, mfn: number, type: number, caller: number, locked: boolean): void {
    const { now } = this;
    const at = this.lookups.open();
    const { records } = this.lookups;
    records[at + LOOKUP.seq] = now.seq;
    now.stamp(records, at + LOOKUP.tsc);
    records[at + LOOKUP.pcpu] = now.pcpu;
    records[at + LOOKUP.domid] = domid;
    records[at + LOOKUP.view] = view;
    records[at + LOOKUP.gfn] = gfn;
    records[at + LOOKUP.p2m_type] = type;
    records[at + LOOKUP.caller] = caller;
    records[at + LOOKUP.protection] = locked ? PROTECTED_BY_LOCK : PROTECTED_BY_NOTHING;
    if (!locked) records[at + LOOKUP.protected_to] = now.seq;
    if (mfn >= 0) records[at + LOOKUP.mfn] = mfn;
    if (now.pcpu >= 0 && holdsNothing(this.locks, now.pcpu)) this.enter(caller);
    if (mfn >= 0 && now.pcpu >= 0) this.watch(at, mfn, locked);
    else this.lookups.close(at);
  }

  private watch(at: number, mfn: number, locked: boolean): void {
    const { watched } = this;
    const { pcpu } = this.now;
    // A new look at the same frame by the same pcpu supersedes the old one.
    const old = watched.find(pcpu, mfn);
    if (old !== 0) this.forget(old);
    if (watched.of(pcpu) === MOST_WATCHED) {
      const oldest = watched.oldest(pcpu);
      this.lookups.records[watched.record[oldest] + LOOKUP.unwatched] = 1;
      this.forget(oldest);
    }
    watched.add(pcpu, mfn, at, this.calls.of(pcpu));
    if (!locked) return;
    this.lookups.records[at] = LOCK;
    if (pcpu >= this.locked.length) this.locked = withRoom(this.locked, pcpu + 1);
    this.locked[pcpu]++;
  }

  /** The translation at a place is watched no longer: nothing more is said of it. */
  private forget(place: number): void {
    const { watched } = this;
    const at = watched.record[place];
    if ((this.lookups.records[at] & LOCK) !== 0) this.locked[watched.pcpu[place]]--;
    watched.remove(place);
    this.lookups.close(at);
  }

  /** lock_acquire; `outermost`: the pcpu holds no other lock. */
  acquired(caller: number, outermost: boolean): void {
    if (outermost) this.enter(caller);
  }

  /** The pcpu of the moment, which holds nothing, is at that call site (-1 for unknown): maybe in another call by now. */
  private enter(caller: number): void {
    const { pcpu } = this.now;
    if (this.calls.enter(pcpu, caller, this.now.seq)) this.dropOldCalls(pcpu);
  }

  /** Forgets what no call that goes on can have. What is protected may be used for long. */
  private dropOldCalls(pcpu: number): void {
    const { watched } = this;
    if (pcpu >= this.passed.length) {
      this.passed = withRoom(this.passed, pcpu + 1);
      this.bared = withRoom(this.bared, pcpu + 1);
    }
    const kept = this.calls.of(pcpu) - CALLS_KEPT;
    // The older the translation, the earlier its call.
    const passed = this.bared[pcpu] === 0 ? this.passed[pcpu] : 0;
    this.passed[pcpu] = kept;
    this.bared[pcpu] = 0;
    let place = watched.newest(pcpu);
    while (place !== 0 && watched.call[place] >= passed) {
      const before = watched.before(place);
      if (watched.call[place] < kept && this.lookups.records[watched.record[place]] === 0) this.forget(place);
      place = before;
    }
  }

  /** A lock protects a translation of the pcpu. */
  hasLocked(pcpu: number): boolean {
    return pcpu < this.locked.length && this.locked[pcpu] > 0;
  }

  /** The pcpu gave up the lock that protected its translations. */
  unlock(): void {
    const { watched } = this;
    const { pcpu } = this.now;
    // Those are among the newest.
    for (let place = watched.newest(pcpu); place !== 0 && this.locked[pcpu] > 0; place = watched.before(place)) {
      this.dropLock(place);
    }
  }

  /** put_gfn: the same for those of one gfn. */
  putGfn(domid: number, gfn: number): void {
    const { watched } = this;
    const { records } = this.lookups;
    const { pcpu } = this.now;
    if (!this.hasLocked(pcpu)) return;
    let left = this.locked[pcpu];
    for (let place = watched.newest(pcpu); place !== 0 && left > 0; place = watched.before(place)) {
      const at = watched.record[place];
      if ((records[at] & LOCK) === 0) continue;
      left--;
      if (records[at + LOOKUP.gfn] === gfn && records[at + LOOKUP.domid] === domid) this.dropLock(place);
    }
  }

  private dropLock(place: number): void {
    const { records } = this.lookups;
    const at = this.watched.record[place];
    if ((records[at] & LOCK) === 0) return;
    records[at] -= LOCK;
    this.locked[this.now.pcpu]--;
    this.breakIfBare(place);
  }

  private breakIfBare(place: number): void {
    const { records } = this.lookups;
    const { pcpu, seq } = this.now;
    const at = this.watched.record[place];
    if (records[at] !== 0) return;
    if (this.watched.call[place] < this.passed[pcpu]) this.bared[pcpu] = 1;
    if (isNull(records[at + LOOKUP.protected_to])) records[at + LOOKUP.protected_to] = seq;
  }

  getPage(mfn: number): void {
    const place = this.watched.find(this.now.pcpu, mfn);
    if (place === 0) {
      this.calls.stray(this.now.pcpu, this.now.seq);
      return;
    }
    const { records } = this.lookups;
    const at = this.watched.record[place];
    if (!isNull(records[at + LOOKUP.invalid_seq])) {
      // Where the lookup had its reference and dropped it, this is another one, for another reason.
      if (isNull(records[at + LOOKUP.ref_seq])) this.used(place, KIND.get_page);
      return;
    }
    records[at] += REF;
    if (isNull(records[at + LOOKUP.ref_seq])) records[at + LOOKUP.ref_seq] = this.now.seq;
    // In time, if not without a gap: the entry still says the same.
    if (records[at + LOOKUP.protection] === PROTECTED_BY_NOTHING) records[at + LOOKUP.protection] = PROTECTED_BY_REF;
    records[at + LOOKUP.protected_to] = Number.NaN;
  }

  /** get_page that failed: Xen has noticed, if the frame had become another. */
  getPageFailed(mfn: number): void {
    const place = this.watched.find(this.now.pcpu, mfn);
    if (place === 0) return;
    const { records } = this.lookups;
    const at = this.watched.record[place];
    if (!this.isWrong(at) || !isNull(records[at + LOOKUP.ref_seq]) || !isNull(records[at + LOOKUP.use_seq])) return;
    this.refusedSeq = this.now.seq;
    this.refusedPlace = place;
  }

  /** put_page, alloc_ref_drop. `dropped`: it was the allocation's own reference. */
  putPage(mfn: number, dropped: boolean): void {
    const { pcpu } = this.now;
    const place = this.watched.find(pcpu, mfn);
    if (place === 0) {
      this.calls.stray(pcpu, this.now.seq);
      // Whoever gives up page after page that he has not looked up has other work (relinquish_memory).
      if (dropped && this.watched.of(pcpu) > 0 && holdsNothing(this.locks, pcpu)) {
        this.calls.end(pcpu, CALLS_KEPT + 1);
        this.dropOldCalls(pcpu);
      }
      return;
    }
    const { records } = this.lookups;
    const at = this.watched.record[place];
    if (records[at] < REF) return;
    records[at] -= REF;
    this.breakIfBare(place);
  }

  /** page_free: the frame itself is gone. */
  pageFreed(mfn: number): void {
    if (this.watched.mayWatch(mfn)) this.invalidateFrame(mfn, BY_PAGE_FREE, -1, -1);
  }

  /** The entries of `[gfn, +2^order)` no longer give the frames from `mfn` on. */
  entriesChanged(mfn: number, order: number, domid: number, gfn: number): void {
    if (this.watched.count === 0) return;
    const frames = framesOf(order);
    if (frames <= 2 ** 9) {
      for (let i = 0; i < frames; i++) {
        if (this.watched.mayWatch(mfn + i)) this.invalidateFrame(mfn + i, BY_SET_ENTRY, domid, gfn + i);
      }
    } else {
      this.invalidateAll(mfn, frames, domid, gfn);
    }
  }

  private invalidateFrame(mfn: number, by: number, domid: number, gfn: number): void {
    const { watched } = this;
    let place = watched.inBucket(mfn);
    while (place !== 0) {
      const following = watched.following(place);
      if (watched.mfn[place] === mfn) this.invalidate(place, by, domid, gfn);
      place = following;
    }
  }

  /** Larger entries than 2M are rare, and are not walked frame by frame. */
  private invalidateAll(mfn: number, frames: number, domid: number, gfn: number): void {
    const { watched } = this;
    for (let pcpu = 0; pcpu < watched.pcpus; pcpu++) {
      let place = watched.newest(pcpu);
      while (place !== 0) {
        const before = watched.before(place);
        const frame = watched.mfn[place] - mfn;
        if (frame >= 0 && frame < frames) this.invalidate(place, BY_SET_ENTRY, domid, gfn + frame);
        place = before;
      }
    }
  }

  private invalidate(place: number, by: number, domid: number, gfn: number): void {
    const { records } = this.lookups;
    const at = this.watched.record[place];
    if (by === BY_SET_ENTRY && (records[at + LOOKUP.domid] !== domid || records[at + LOOKUP.gfn] !== gfn)) return;
    // What the pcpu changes itself it knows of.
    if (this.watched.pcpu[place] === this.now.pcpu) {
      this.forget(place);
    } else if (isNull(records[at + LOOKUP.invalid_seq])) {
      records[at + LOOKUP.invalid_seq] = this.now.seq;
      records[at + LOOKUP.invalid_by] = by;
      records[at + LOOKUP.invalid_pcpu] = this.now.pcpu;
    }
  }

  /** Place of the translation of the frame that the pcpu of the moment made in the call that it is in, 0 for none. */
  private inCall(mfn: number): number {
    const { pcpu } = this.now;
    const place = this.watched.mayWatch(mfn) ? this.watched.find(pcpu, mfn) : 0;
    return place !== 0 && this.watched.call[place] === this.calls.of(pcpu) ? place : 0;
  }

  /** seq of the last lookup by the pcpu of the moment that gave the frame, NaN for none that is watched. */
  lookupSeq(mfn: number): number {
    const place = this.inCall(mfn);
    return place === 0 ? Number.NaN : this.lookups.records[this.watched.record[place] + LOOKUP.seq];
  }

  /** That lookup, where neither a lock nor a reference protects it and nothing has changed since; 0 for none. */
  unprotected(mfn: number): number {
    const place = this.inCall(mfn);
    if (place === 0) return 0;
    const { records } = this.lookups;
    const at = this.watched.record[place];
    return isNull(records[at + LOOKUP.protected_to]) || !isNull(records[at + LOOKUP.invalid_seq]) ? 0 : at;
  }

  /** seq of a lookup. */
  seqOf(lookup: number): number {
    return this.lookups.records[lookup + LOOKUP.seq];
  }

  /** The lookup had a reference, which was put. */
  hadReference(lookup: number): boolean {
    return !isNull(this.lookups.records[lookup + LOOKUP.ref_seq]);
  }

  /** page_use */
  use(mfn: number, generation: number, domid: number, flags: number, onFree: boolean): void {
    const { now } = this;
    const at = this.uses.open();
    const { records } = this.uses;
    records[at + USE.seq] = now.seq;
    now.stamp(records, at + USE.tsc);
    records[at + USE.pcpu] = now.pcpu;
    records[at + USE.mfn] = mfn;
    records[at + USE.generation] = generation;
    records[at + USE.domid] = domid;
    records[at + USE.caller] = now.caller;
    records[at + USE.on_free] = onFree ? 1 : 0;
    this.uses.close(at);
    const place = isUse(flags) ? this.watched.find(now.pcpu, mfn) : 0;
    if (place !== 0) this.used(place, KIND.page_use);
  }

  /** It became wrong while nothing protected it; protected all the time, it is somebody else's fault. */
  private isWrong(at: number): boolean {
    const { records } = this.lookups;
    return !isNull(records[at + LOOKUP.invalid_seq]) && !isNull(records[at + LOOKUP.protected_to]);
  }

  /** A translation is used after it became wrong. */
  private used(place: number, kind: number): void {
    const { records } = this.lookups;
    const at = this.watched.record[place];
    if (!this.isWrong(at) || !isNull(records[at + LOOKUP.use_seq])) return;
    records[at + LOOKUP.use_seq] = this.now.seq;
    records[at + LOOKUP.use_kind] = kind;
    records[at + LOOKUP.use_direct] = place === this.watched.newest(this.now.pcpu) ? 1 : 0;
    this.staleSeq = this.now.seq;
    this.stalePlace = place;
  }

  /** The lookup that the event of the moment has used although it is wrong, undefined for none. */
  staleUse(): StaleLookup | undefined {
    return this.staleSeq === this.now.seq ? this.staleLookup(this.stalePlace) : undefined;
  }

  /** The same for a get_page that failed. */
  refusedGet(): StaleLookup | undefined {
    return this.refusedSeq === this.now.seq ? this.staleLookup(this.refusedPlace) : undefined;
  }

  /** TSCs from that lookup to the event of the moment. */
  ticksSince({ place }: StaleLookup): number {
    const { records } = this.lookups;
    const at = this.watched.record[place] + LOOKUP.tsc;
    const { tsc, row } = this.now;
    return (tsc[2 * row + 1] - records[at + 1]) * 2 ** 32 + (tsc[2 * row] - records[at]);
  }

  private staleLookup(place: number): StaleLookup {
    const { records } = this.lookups;
    const at = this.watched.record[place];
    return {
      ...this.bareLookup(at),
      place,
      changed: records[at + LOOKUP.invalid_seq],
      freed: records[at + LOOKUP.invalid_by] === BY_PAGE_FREE,
      confidence: this.certainty(place),
    };
  }

  /**
   * With other lookups in between, the use may belong to one of them; unless the pcpu has done nothing since that is not
   * of the same call: looked up frames there, and taken and dropped references of what it had looked up.
   */
  private certainty(place: number): BreachConfidence {
    const { watched } = this;
    const pcpu = watched.pcpu[place];
    if (watched.call[place] !== this.calls.of(pcpu)) return 'possible';
    const isAlone = this.lookups.records[watched.record[place] + LOOKUP.seq] > this.calls.strayed(pcpu);
    return place === watched.newest(pcpu) || isAlone ? 'proven' : 'likely';
  }

  /** What is to be told of a lookup. */
  bareLookup(at: number): BareLookup {
    const { records } = this.lookups;
    return {
      seq: records[at + LOOKUP.seq],
      since: records[at + LOOKUP.protected_to],
      domid: records[at + LOOKUP.domid],
      view: records[at + LOOKUP.view],
      gfn: records[at + LOOKUP.gfn],
      caller: records[at + LOOKUP.caller],
    };
  }

  /** The pcpu runs another vcpu: what it had looked up belongs to the one before. */
  switchAway(pcpu: number): void {
    const { watched } = this;
    for (let place = watched.newest(pcpu); place !== 0; place = watched.newest(pcpu)) this.forget(place);
    this.calls.end(pcpu, 1);
  }

  /** Records were lost: nobody knows what became of any translation. */
  lose(): void {
    for (let pcpu = 0; pcpu < this.watched.pcpus; pcpu++) this.switchAway(pcpu);
  }
}

const isNull = (value: number): boolean => Number.isNaN(value);
