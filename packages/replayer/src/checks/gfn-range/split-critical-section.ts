import { FLAG, isP2mLevel, MODE_READ } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { gfnOf, mfnOf } from '../../batch/row-values.js';
import { p2mKey } from '../../memory/keys.js';
import { holdsP2mLock } from '../../state/lock-state.js';
import { innermostHold } from '../../tables/held-locks.js';
import { defineCheck } from '../check.js';
import { tookPlace } from '../entry-writes.js';

/** Lookups of a pcpu that are remembered; code looks up one or two at a time. */
const REMEMBERED = 8;

/** The gfns that a pcpu looked up with the lock in this section and the one before, as a ring; each once. */
class LastLookups {
  /** -1 for none. */
  readonly gfn = new Float64Array(REMEMBERED).fill(-1);
  readonly p2m = new Float64Array(REMEMBERED);
  readonly seq = new Float64Array(REMEMBERED);
  /** Of the entry that was found. */
  readonly order = new Uint8Array(REMEMBERED);
  readonly mfn = new Float64Array(REMEMBERED);
  readonly type = new Int16Array(REMEMBERED);
  /** The p2m's lock, -1 where none is known. */
  readonly lock = new Int32Array(REMEMBERED);
  /** Its put_gfn, NaN before. */
  readonly put = new Float64Array(REMEMBERED);
  /** Since when the lock is given up, NaN while it is held. */
  readonly dropped = new Float64Array(REMEMBERED);
  /** 1 where the section of the lookup is over. */
  private readonly past = new Uint8Array(REMEMBERED);
  /** Entries, and those whose lock is held still. */
  entries = 0;
  held = 0;
  private next = 0;

  find(p2m: number, gfn: number): number {
    for (let i = 0; i < REMEMBERED; i++) if (this.gfn[i] === gfn && this.p2m[i] === p2m) return i;
    return -1;
  }

  /** Adds one, and returns where it lies. */
  add(p2m: number, gfn: number, seq: number): number {
    const i = this.next;
    this.next = (i + 1) % REMEMBERED;
    this.remove(i);
    this.gfn[i] = gfn;
    this.p2m[i] = p2m;
    this.seq[i] = seq;
    this.put[i] = Number.NaN;
    this.dropped[i] = Number.NaN;
    this.past[i] = 0;
    this.entries++;
    this.held++;
    return i;
  }

  remove(i: number): void {
    if (this.gfn[i] < 0) return;
    if (Number.isNaN(this.dropped[i])) this.held--;
    this.entries--;
    this.gfn[i] = -1;
  }

  /** The lock is given up: put_gfn does so, as far as it was the outermost hold. */
  drop(i: number, seq: number): void {
    if (this.gfn[i] < 0 || !Number.isNaN(this.dropped[i])) return;
    this.dropped[i] = Number.isNaN(this.put[i]) ? seq : this.put[i];
    this.held--;
  }

  /** The outermost hold of that lock ends. */
  dropLock(lock: number, seq: number): void {
    for (let i = 0; i < REMEMBERED; i++) if (this.lock[i] === lock) this.drop(i, seq);
  }

  /** The pcpu does something else. */
  clear(): void {
    for (let i = 0; i < REMEMBERED; i++) this.remove(i);
  }

  /** A section ends: what was looked up in the one before it is old, and no write that comes now rests on it. */
  endSection(seq: number): void {
    for (let i = 0; i < REMEMBERED; i++) {
      if (this.past[i] === 1) this.remove(i);
      this.drop(i, seq);
      this.past[i] = 1;
    }
  }
}

/**
 * A lookup with the lock, and a set_entry of that gfn in the pcpu's next section, which did not look again. An inner
 * put_gfn ends nothing: a section lasts as long as the outermost hold of the p2m's lock.
 */
export const splitCriticalSection = defineCheck({
  rule: 'gfn-range.split-critical-section',
  make: ({ state, p2ms, now, records, report, opportunities }) => {
    const writes = opportunities('write');
    const byPcpu: LastLookups[] = [];
    const hasLocks = records('lock_acquire');
    const { locks } = state;
    const isP2mHold = (i: number) => locks.heldMode[i] !== MODE_READ && isP2mLevel(locks.heldLevel[i]);

    const write = (batch: ReplayBatch, row: number) => {
      const { columns: c } = batch;
      const last = byPcpu[now.pcpu];
      if (last === undefined || last.entries === 0 || !tookPlace(batch, row)) return;
      const gfn = gfnOf(batch, row);
      const found = last.find(p2mOf(batch, row), gfn);
      // A larger write is not about this entry.
      if (found < 0 || c.order[row] > last.order[found]) return;
      writes.count();
      const lookup = last.seq[found];
      const unprotected = last.dropped[found];
      last.remove(found);
      // A write under the lock ends what the lookup began: the next one rests on something else.
      if (Number.isNaN(unprotected)) return;
      const changed = changedSince(batch, row, last, found, unprotected);
      // Whether it looks again by get_entry nobody records; that it overwrites what another wrote everybody sees.
      const confidence = changed < 0 ? 'possible' : 'likely';
      report({
        confidence,
        domid: c.domid[row],
        view: c.view[row],
        gfn,
        at: { lookup, unprotected, changed, set: now.seq },
      });
    };

    /** The write that made another entry of what the lookup at `i` found, after its lock was dropped; -1 for none. */
    const changedSince = (batch: ReplayBatch, row: number, last: LastLookups, i: number, unprotected: number) => {
      const { domid, view } = batch.columns;
      const table = p2ms.find(domid[row], view[row]);
      const gfn = gfnOf(batch, row);
      if (!table?.find(gfn) || !(table.foundSeq > unprotected)) return -1;
      const isSame = table.foundMfn(gfn) === last.mfn[i] && table.typeAt(gfn) === last.type[i];
      return isSame ? -1 : table.foundSeq;
    };

    return {
      before: {
        sched_switch: () => byPcpu[now.pcpu]?.clear(),
        set_entry: write,
      },
      after: {
        lookup: (batch, row) => {
          const { columns: c } = batch;
          const gfn = gfnOf(batch, row);
          if (gfn < 0 || now.pcpu < 0) return;
          byPcpu[now.pcpu] ??= new LastLookups();
          const last = byPcpu[now.pcpu];
          const p2m = p2mOf(batch, row);
          const known = last.find(p2m, gfn);
          if (known >= 0) last.remove(known);
          if ((c.flags[row] & FLAG.locked) === 0) return;
          const i = last.add(p2m, gfn, now.seq);
          last.order[i] = c.order[row];
          last.mfn[i] = mfnOf(batch, row);
          last.type[i] = c.p2m_type[row];
          const hold = innermostHold(locks, now.pcpu, isP2mHold);
          last.lock[i] = hold < 0 ? -1 : locks.heldLock[hold];
        },
        put_gfn: (batch, row) => {
          const { columns: c } = batch;
          const last = byPcpu[now.pcpu];
          if (last === undefined) return;
          const gfn = gfnOf(batch, row);
          // Of a gfn that was got twice one is left.
          if (state.translations.seqOf(now.pcpu, c.domid[row], c.view[row], gfn) !== -1) return;
          const found = last.find(p2mOf(batch, row), gfn);
          if (found >= 0) {
            if (Number.isNaN(last.put[found])) last.put[found] = now.seq;
            if (last.lock[found] < 0) last.drop(found, now.seq);
          }
          if (!hasLocks && last.held === 0) last.endSection(now.seq);
        },
        lock_release: ({ columns: c }, row) => {
          const last = byPcpu[now.pcpu];
          if (last === undefined || last.entries === 0 || c.mode[row] === MODE_READ || !isP2mLevel(c.level[row]))
            return;
          const lock = c.lock[row];
          if (locks.owner[lock] === now.pcpu) return;
          last.dropLock(lock, now.seq);
          if (!holdsP2mLock(locks, now.pcpu)) last.endSection(now.seq);
        },
      },
      forget: () => {
        byPcpu.length = 0;
      },
    };
  },
});

const p2mOf = ({ columns: c }: ReplayBatch, row: number): number => p2mKey(c.domid[row], c.view[row]);
