import { FLAG, KIND } from '@p2mtrace/trace-format';
import type { CurrentEvent } from '../batch/current-event.js';
import { framesOf } from '../memory/order.js';
import { offsetsOf } from './fact-columns.js';
import { LOOKUPS, PROTECTED_BY_LOCK, PROTECTED_BY_NOTHING, PROTECTED_BY_REF, USES } from './fact-specs.js';
import type { FactTable } from './fact-table.js';
import type { FactWriter } from './fact-writer.js';
import { WATCHED, WatchedTranslations } from './watched-translations.js';

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
  /** There was no other lookup in between. */
  readonly direct: boolean;
}

/** What became of each translation: protected how and until when, made wrong by what, and used after that or not. */
export class TranslationFacts {
  private readonly lookups: FactTable<typeof LOOKUPS>;
  private readonly uses: FactTable<typeof USES>;
  private readonly now: CurrentEvent;
  private readonly watched = new WatchedTranslations();
  /** Translations watched that a lock protects. */
  private locked = 0;
  /** The last use of a translation that had become wrong: when, and its record; NaN for none yet. */
  private staleSeq = Number.NaN;
  private staleAt = 0;

  constructor(writer: FactWriter, now: CurrentEvent) {
    this.lookups = writer.table(LOOKUPS);
    this.uses = writer.table(USES);
    this.now = now;
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
    if (mfn >= 0 && now.pcpu >= 0) this.watch(at, mfn, locked);
    else this.lookups.close(at);
  }

  private watch(at: number, mfn: number, locked: boolean): void {
    const { watched } = this;
    const { pcpu } = this.now;
    // A new look at the same frame by the same pcpu supersedes the old one.
    const old = watched.find(pcpu, mfn);
    if (old >= 0) this.forget(pcpu, old);
    const first = watched.first(pcpu);
    if (watched.end(pcpu) - first === WATCHED) this.forget(pcpu, first);
    watched.add(pcpu, mfn, at);
    if (!locked) return;
    this.lookups.records[at] = LOCK;
    this.locked++;
  }

  /** The translation at a place is watched no longer: nothing more is said of it. */
  private forget(pcpu: number, place: number): void {
    const at = this.watched.record[place];
    if ((this.lookups.records[at] & LOCK) !== 0) this.locked--;
    this.watched.remove(pcpu, place);
    this.lookups.close(at);
  }

  /** True where a lock protects a translation of any pcpu. */
  get hasLocked(): boolean {
    return this.locked > 0;
  }

  /** The pcpu gave up the lock that protected its translations. */
  unlock(): void {
    const { watched } = this;
    const { pcpu } = this.now;
    for (let place = watched.end(pcpu) - 1; place >= watched.first(pcpu); place--) this.dropLock(watched.record[place]);
  }

  /** put_gfn: the same for those of one gfn. */
  putGfn(domid: number, gfn: number): void {
    const { watched } = this;
    const { records } = this.lookups;
    const { pcpu } = this.now;
    for (let place = watched.end(pcpu) - 1; place >= watched.first(pcpu); place--) {
      const at = watched.record[place];
      if (records[at + LOOKUP.gfn] === gfn && records[at + LOOKUP.domid] === domid) this.dropLock(at);
    }
  }

  private dropLock(at: number): void {
    const { records } = this.lookups;
    if ((records[at] & LOCK) === 0) return;
    records[at] -= LOCK;
    this.locked--;
    this.breakIfBare(at);
  }

  private breakIfBare(at: number): void {
    const { records } = this.lookups;
    if (records[at] === 0 && isNull(records[at + LOOKUP.protected_to]))
      records[at + LOOKUP.protected_to] = this.now.seq;
  }

  getPage(mfn: number): void {
    const place = this.watched.find(this.now.pcpu, mfn);
    if (place < 0) return;
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

  putPage(mfn: number): void {
    const place = this.watched.find(this.now.pcpu, mfn);
    if (place < 0) return;
    const { records } = this.lookups;
    const at = this.watched.record[place];
    if (records[at] < REF) return;
    records[at] -= REF;
    this.breakIfBare(at);
  }

  /** page_free: the frame itself is gone. */
  pageFreed(mfn: number): void {
    if (this.watched.mayWatch(mfn)) this.invalidate(mfn, 1, BY_PAGE_FREE, -1, -1);
  }

  /** The entries of `[gfn, +2^order)` no longer give the frames from `mfn` on. */
  entriesChanged(mfn: number, order: number, domid: number, gfn: number): void {
    if (order === 0 ? !this.watched.mayWatch(mfn) : this.watched.count === 0) return;
    this.invalidate(mfn, framesOf(order), BY_SET_ENTRY, domid, gfn);
  }

  /** Few translations are watched, so a superpage is not walked frame by frame. */
  private invalidate(mfn: number, frames: number, by: number, domid: number, gfn: number): void {
    const { watched } = this;
    for (let pcpu = 0; pcpu < watched.pcpus; pcpu++) {
      for (let place = watched.end(pcpu) - 1; place >= watched.first(pcpu); place--) {
        const frame = watched.mfn[place] - mfn;
        if (frame < 0 || frame >= frames) continue;
        const { records } = this.lookups;
        const at = watched.record[place];
        if (by === BY_SET_ENTRY) {
          if (records[at + LOOKUP.domid] !== domid || records[at + LOOKUP.gfn] !== gfn + frame) continue;
        }
        // What the pcpu changes itself it knows of.
        if (pcpu === this.now.pcpu) {
          this.forget(pcpu, place);
        } else if (isNull(records[at + LOOKUP.invalid_seq])) {
          records[at + LOOKUP.invalid_seq] = this.now.seq;
          records[at + LOOKUP.invalid_by] = by;
          records[at + LOOKUP.invalid_pcpu] = this.now.pcpu;
        }
      }
    }
  }

  /** seq of the last lookup by the pcpu of the moment that gave the frame, NaN for none that is watched. */
  lookupSeq(mfn: number): number {
    const place = this.watched.mayWatch(mfn) ? this.watched.find(this.now.pcpu, mfn) : -1;
    return place < 0 ? Number.NaN : this.lookups.records[this.watched.record[place] + LOOKUP.seq];
  }

  /** That lookup, where neither a lock nor a reference protects it and nothing has changed since; 0 for none. */
  unprotected(mfn: number): number {
    const place = this.watched.mayWatch(mfn) ? this.watched.find(this.now.pcpu, mfn) : -1;
    if (place < 0) return 0;
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
    const place = isUse(flags) ? this.watched.find(now.pcpu, mfn) : -1;
    if (place >= 0) this.used(place, KIND.page_use);
  }

  /** A translation is used after it became wrong; protected all the time, it is somebody else's fault. */
  private used(place: number, kind: number): void {
    const { records } = this.lookups;
    const at = this.watched.record[place];
    const wrong = !isNull(records[at + LOOKUP.invalid_seq]) && !isNull(records[at + LOOKUP.protected_to]);
    if (!wrong || !isNull(records[at + LOOKUP.use_seq])) return;
    records[at + LOOKUP.use_seq] = this.now.seq;
    records[at + LOOKUP.use_kind] = kind;
    records[at + LOOKUP.use_direct] = place === this.watched.end(this.now.pcpu) - 1 ? 1 : 0;
    this.staleSeq = this.now.seq;
    this.staleAt = at;
  }

  /** The lookup that the event of the moment has used although it is wrong, undefined for none. */
  staleUse(): StaleLookup | undefined {
    if (this.staleSeq !== this.now.seq) return undefined;
    const { records } = this.lookups;
    const at = this.staleAt;
    return {
      ...this.bareLookup(at),
      changed: records[at + LOOKUP.invalid_seq],
      freed: records[at + LOOKUP.invalid_by] === BY_PAGE_FREE,
      direct: records[at + LOOKUP.use_direct] === 1,
    };
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
    for (let place = watched.end(pcpu) - 1; place >= watched.first(pcpu); place--) this.forget(pcpu, place);
  }

  /** Records were lost: nobody knows what became of any translation. */
  lose(): void {
    for (let pcpu = 0; pcpu < this.watched.pcpus; pcpu++) this.switchAway(pcpu);
  }
}

const isNull = (value: number): boolean => Number.isNaN(value);
