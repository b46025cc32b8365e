import { KIND } from '@p2mtrace/trace-format';
import { LOOKUPS, PROTECTED_BY_LOCK, PROTECTED_BY_NOTHING, PROTECTED_BY_REF, USES } from './fact-specs.js';
import { FactTable } from './fact-table.js';
import type { Now } from './now.js';

/** Translations of a pcpu that are watched: code holds few at a time, and what is older has long been dropped. */
const WATCHED = 8;
const BY_SET_ENTRY = 0;
export const BY_PAGE_FREE = 1;

/** What became of each translation: protected how and until when, made wrong by what, and used after that or not. */
export class TranslationFacts {
  readonly lookups = new FactTable(LOOKUPS);
  readonly uses = new FactTable(USES);
  private readonly now: Now;
  /** By pcpu: rows of the translations watched, oldest first. */
  private readonly watched: number[][] = [];
  /** mfn → rows that are watched. */
  private readonly byMfn = new Map<number, number[]>();
  /** By row: the lock and the references that still protect it. */
  private readonly locked = new Map<number, boolean>();
  private readonly refs = new Map<number, number>();

  constructor(now: Now) {
    this.now = now;
  }

  lookup(domid: number, view: number, gfn: number, mfn: number, type: number, caller: number, locked: boolean): void {
    const row = this.lookups.add();
    const c = this.lookups.columns;
    c.seq[row] = this.now.seq;
    c.tsc[2 * row] = this.now.tscLow;
    c.tsc[2 * row + 1] = this.now.tscHigh;
    c.pcpu[row] = this.now.pcpu;
    c.domid[row] = domid;
    c.view[row] = view;
    c.gfn[row] = gfn;
    c.p2m_type[row] = type;
    c.caller[row] = caller;
    c.protection[row] = locked ? PROTECTED_BY_LOCK : PROTECTED_BY_NOTHING;
    if (!locked) c.protected_to[row] = this.now.seq;
    if (mfn < 0 || this.now.pcpu < 0) return;
    c.mfn[row] = mfn;
    this.watch(row, mfn, locked);
  }

  private watch(row: number, mfn: number, locked: boolean): void {
    const { pcpu } = this.now;
    while (this.watched.length <= pcpu) this.watched.push([]);
    const mine = this.watched[pcpu];
    // A new look at the same frame by the same pcpu supersedes the old one.
    for (const old of mine.filter(other => this.lookups.columns.mfn[other] === mfn)) this.forget(pcpu, old);
    if (mine.length === WATCHED) this.forget(pcpu, mine[0]);
    mine.push(row);
    const sharing = this.byMfn.get(mfn);
    if (sharing === undefined) this.byMfn.set(mfn, [row]);
    else sharing.push(row);
    if (locked) this.locked.set(row, true);
  }

  private forget(pcpu: number, row: number): void {
    const mine = this.watched[pcpu];
    mine.splice(mine.indexOf(row), 1);
    const mfn = this.lookups.columns.mfn[row];
    const rest = (this.byMfn.get(mfn) ?? []).filter(other => other !== row);
    if (rest.length === 0) this.byMfn.delete(mfn);
    else this.byMfn.set(mfn, rest);
    this.locked.delete(row);
    this.refs.delete(row);
  }

  /** The pcpu gave up the lock that protected its translations: all of them, or those of one gfn. */
  unlock(domid?: number, gfn?: number): void {
    const c = this.lookups.columns;
    for (const row of this.watched[this.now.pcpu] ?? []) {
      if (!this.locked.has(row)) continue;
      if (gfn !== undefined && (c.gfn[row] !== gfn || c.domid[row] !== domid)) continue;
      this.locked.delete(row);
      this.breakIfBare(row);
    }
  }

  private breakIfBare(row: number): void {
    const c = this.lookups.columns;
    if (this.locked.has(row) || (this.refs.get(row) ?? 0) > 0) return;
    if (Number.isNaN(c.protected_to[row])) c.protected_to[row] = this.now.seq;
  }

  getPage(mfn: number): void {
    const rows = this.byMfn.get(mfn);
    if (rows === undefined) return;
    const c = this.lookups.columns;
    for (const row of rows) {
      if (c.pcpu[row] !== this.now.pcpu) continue;
      if (!Number.isNaN(c.invalid_seq[row])) {
        this.used(row, KIND.get_page);
        continue;
      }
      this.refs.set(row, (this.refs.get(row) ?? 0) + 1);
      if (Number.isNaN(c.ref_seq[row])) c.ref_seq[row] = this.now.seq;
      // In time, if not without a gap: the entry still says the same.
      if (c.protection[row] === PROTECTED_BY_NOTHING) c.protection[row] = PROTECTED_BY_REF;
      c.protected_to[row] = Number.NaN;
    }
  }

  putPage(mfn: number): void {
    for (const row of this.byMfn.get(mfn) ?? []) {
      const refs = this.refs.get(row) ?? 0;
      if (refs === 0 || this.lookups.columns.pcpu[row] !== this.now.pcpu) continue;
      this.refs.set(row, refs - 1);
      this.breakIfBare(row);
    }
  }

  /** The entry of the gfn no longer gives the mfn, or (without domid) the frame itself is gone. */
  invalidate(mfn: number, by: number, domid: number, gfn: number): void {
    const rows = this.byMfn.get(mfn);
    if (rows === undefined) return;
    const c = this.lookups.columns;
    for (const row of [...rows]) {
      if (by === BY_SET_ENTRY && (c.domid[row] !== domid || c.gfn[row] !== gfn)) continue;
      // What the pcpu changes itself it knows of.
      if (c.pcpu[row] === this.now.pcpu) {
        this.forget(this.now.pcpu, row);
        continue;
      }
      if (!Number.isNaN(c.invalid_seq[row])) continue;
      c.invalid_seq[row] = this.now.seq;
      c.invalid_by[row] = by;
      c.invalid_pcpu[row] = this.now.pcpu;
    }
  }

  /** The same for all frames of a leaf; few are watched, so a superpage is not walked frame by frame. */
  invalidateRange(mfn: number, order: number, domid: number, gfn: number): void {
    const frames = 2 ** order;
    if (frames <= this.byMfn.size) {
      for (let i = 0; i < frames; i++) this.invalidate(mfn + i, BY_SET_ENTRY, domid, gfn + i);
      return;
    }
    for (const watched of [...this.byMfn.keys()]) {
      const i = watched - mfn;
      if (i >= 0 && i < frames) this.invalidate(watched, BY_SET_ENTRY, domid, gfn + i);
    }
  }

  /** page_use */
  use(mfn: number, generation: number, domid: number, onFree: boolean): void {
    const row = this.uses.add();
    const c = this.uses.columns;
    c.seq[row] = this.now.seq;
    c.tsc[2 * row] = this.now.tscLow;
    c.tsc[2 * row + 1] = this.now.tscHigh;
    c.pcpu[row] = this.now.pcpu;
    c.mfn[row] = mfn;
    c.generation[row] = generation;
    c.domid[row] = domid;
    c.caller[row] = this.now.caller;
    c.on_free[row] = onFree ? 1 : 0;
    for (const watched of this.byMfn.get(mfn) ?? []) {
      if (this.lookups.columns.pcpu[watched] === this.now.pcpu) this.used(watched, KIND.page_use);
    }
  }

  /** A translation is used after it became wrong; protected all the time, it is somebody else's fault. */
  private used(row: number, kind: number): void {
    const c = this.lookups.columns;
    if (Number.isNaN(c.invalid_seq[row]) || !Number.isNaN(c.use_seq[row]) || Number.isNaN(c.protected_to[row])) return;
    c.use_seq[row] = this.now.seq;
    c.use_kind[row] = kind;
    c.use_direct[row] = this.watched[this.now.pcpu].at(-1) === row ? 1 : 0;
  }

  /** The pcpu runs another vcpu: what it had looked up belongs to the one before. */
  switchAway(pcpu: number): void {
    for (const row of [...(this.watched[pcpu] ?? [])]) this.forget(pcpu, row);
  }
}
