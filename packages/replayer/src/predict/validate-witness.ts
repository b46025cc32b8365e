import { FLAG, getU53, isValid, KIND, MODE_READ, type ReadBatch, type TraceReader } from '@p2mtrace/trace-format';
import { STATE_COLUMNS, type StateColumn } from '../batch/replay-batch.js';
import { EventFeed, type LossStart } from '../event-feed.js';
import { p2mKey, vcpuKey } from '../memory/keys.js';
import { type ImageContents, loadState, saveState } from '../memory/state-image.js';
import { RowReader } from '../order/row-reader.js';
import type { Replayer } from '../replayer.js';
import { forEachHold } from '../tables/held-locks.js';
import { NOBODY } from '../tables/lock-table.js';
import type { LockCycle, Side } from './find-deadlocks.js';

type Batch = ReadBatch<StateColumn>;

/** Events of a window that are replayed, at most; more are not confirmed. */
const MOST_EVENTS = 20_000_000;

/**
 * Confirms deadlocks by replaying each in its other order. It shares nothing with what finds them: the state is that
 * of every replay. An order is right if no lock is taken that another pcpu has, if each pcpu does all that it did up
 * to where it stops, and if every event sees what it saw as recorded: the write of the entry that it looks up, the
 * generation of the page, all its references given back where it is freed, the domain, the write of the contents that
 * it reads. Then each pcpu must be about to take what the next one holds.
 */
export class WitnessValidator {
  private readonly rows: RowReader<StateColumn>;
  private readonly feed: EventFeed;
  private readonly losses: readonly LossStart[];
  private readonly start: number;
  private replayer: Replayer;

  /** @throws P2mError P2M_DAMAGED */
  constructor(reader: TraceReader, losses: readonly LossStart[]) {
    this.losses = losses;
    this.rows = new RowReader(reader, STATE_COLUMNS);
    this.feed = new EventFeed(reader, { settles: false });
    this.start = this.rows.start;
    this.replayer = this.feed.start();
  }

  /**
   * Whether the deadlock is one; `pcpus` are the trace's numbers of those that the cycle names. Those that begin early
   * should be asked about first. @throws P2mError P2M_DAMAGED
   */
  confirms({ sides, fromRow, stops }: LockCycle, pcpus: readonly number[]): boolean {
    const from = this.start + fromRow;
    const end = this.start + Math.max(...sides.map(({ wantedRow }) => wantedRow)) + 1;
    if (end - from > MOST_EVENTS || this.losses.some(({ seq }) => seq > from && seq < end)) return false;
    if (from < this.replayer.seq) this.replayer = this.feed.start();
    this.feed.advance(this.replayer, from);
    const state = saveState(this.replayer);
    const stopOf = new Map(pcpus.map((pcpu, i) => [pcpu, this.start + stops[i]]));
    const wantedAt = new Map(sides.map(({ pcpu, wantedRow }) => [pcpus[pcpu], this.start + wantedRow]));
    const isIn = (seq: number, pcpu: number) => seq <= (stopOf.get(pcpu) ?? -1);
    const recorded = this.fork(state);
    const seen = new Map<number, string>();
    for (let seq = from; seq < end; seq++) {
      const { batch, row } = this.rows.at(seq);
      const pcpu = isValid(batch.validity.pcpu, row) ? batch.columns.pcpu[row] : NOBODY;
      if (batch.columns.kind[row] === KIND.lost) return false;
      const wanted = wantedAt.get(pcpu);
      // It does all that it did before it wants the lock, and nothing from there on.
      if (wanted !== undefined && isIn(seq, pcpu) !== seq < wanted) return false;
      if (isIn(seq, pcpu)) seen.set(seq, recorded.sees(batch, row, seq));
      recorded.apply(batch, row);
    }
    const other = this.fork(state);
    for (const [seq, what] of seen) {
      const { batch, row } = this.rows.at(seq);
      if (!other.mayTake(batch, row) || other.sees(batch, row, seq) !== what) return false;
      other.apply(batch, row);
    }
    return sides.every((side, i) => {
      const next = sides[(i + 1) % sides.length];
      const { batch, row } = this.rows.at(this.start + side.wantedRow);
      return isAcquisition(batch, row, side, pcpus) && other.keepsWaiting(side, next, pcpus);
    });
  }

  private fork(state: ImageContents): OtherOrder {
    const replayer = this.feed.start();
    loadState(replayer, new Map([...state].map(([name, array]) => [name, array.slice()])));
    return new OtherOrder(replayer);
  }
}

function isAcquisition({ columns: c }: Batch, row: number, side: Side, pcpus: readonly number[]): boolean {
  return (
    c.kind[row] === KIND.lock_acquire &&
    c.pcpu[row] === pcpus[side.pcpu] &&
    c.lock[row] === side.wanted &&
    c.mode[row] === side.wantedMode
  );
}

/** A state to which events are applied in another order than recorded. */
class OtherOrder {
  private readonly replayer: Replayer;
  /** Frame → seq of the last write of its contents. */
  private readonly written = new Map<number, number>();

  constructor(replayer: Replayer) {
    this.replayer = replayer;
  }

  apply(batch: Batch, row: number): void {
    this.replayer.apply(batch, row, row + 1);
  }

  /** No other pcpu has the lock that the event takes, in a mode that excludes it. */
  mayTake({ columns: c, validity: v }: Batch, row: number): boolean {
    if (c.kind[row] !== KIND.lock_acquire || !isValid(v.pcpu, row) || (c.flags[row] & FLAG.failed) !== 0) return true;
    const { locks } = this.replayer;
    for (let pcpu = 0; pcpu < locks.pcpus; pcpu++) {
      if (pcpu !== c.pcpu[row] && this.excludes(pcpu, c.lock[row], c.mode[row])) return false;
    }
    return true;
  }

  /** The pcpu of one side waits for what that of the next holds; both as recorded. */
  keepsWaiting(side: Side, next: Side, pcpus: readonly number[]): boolean {
    return next.held === side.wanted && this.excludes(pcpus[next.pcpu], side.wanted, side.wantedMode);
  }

  private excludes(pcpu: number, lock: number, mode: number): boolean {
    const { locks } = this.replayer;
    let does = false;
    forEachHold(locks, pcpu, i => {
      does ||= locks.heldLock[i] === lock && (mode !== MODE_READ || locks.heldMode[i] !== MODE_READ);
    });
    return does;
  }

  /** What the event sees of what others have done, as text. */
  sees(batch: Batch, row: number, seq: number): string {
    const { columns: c, validity: v } = batch;
    const { replayer } = this;
    const kind = c.kind[row];
    let text = isValid(v.domid, row) ? `domain ${replayer.health.createdAt(c.domid[row])} ` : '';
    if (kind === KIND.lookup && isValid(v.gfn, row)) {
      for (const view of new Set([c.view[row], 0])) text += this.entry(c.domid[row], view, getU53(c.gfn, row));
    }
    if (isValid(v.mfn, row) && kind !== KIND.lookup && kind !== KIND.set_entry) text += this.page(batch, row, seq);
    if (kind === KIND.tlb_flush) text += `deferred ${replayer.tlb.deferred.get(p2mKey(c.domid[row], c.view[row]))}`;
    if (kind === KIND.sched_switch) {
      const place = replayer.running.indexOf(vcpuKey(c.domid[row], c.arg0[2 * row]));
      if (place >= 0 && place !== c.pcpu[row]) text += `runs on ${place}`;
    }
    return text;
  }

  private entry(domid: number, view: number, gfn: number): string {
    const table = this.replayer.p2ms.find(p2m => p2m.domid === domid && p2m.view === view);
    const entry = table?.lookup(gfn);
    return entry === undefined ? 'unknown ' : `entry ${entry.setSeq} ${entry.mfn} `;
  }

  private page({ columns: c }: Batch, row: number, seq: number): string {
    const { pages } = this.replayer;
    const mfn = getU53(c.mfn, row);
    const slot = pages.directory.find(mfn);
    let text = `page ${pages.generation[slot]} ${pages.lifeSeq[slot]} `;
    if (c.kind[row] === KIND.page_free) text += `count ${pages.count(slot)} `;
    if (c.kind[row] === KIND.page_use) {
      if ((c.flags[row] & FLAG.read) !== 0) text += `contents ${this.written.get(mfn)} `;
      if ((c.flags[row] & FLAG.write) !== 0) this.written.set(mfn, seq);
    }
    return text;
  }
}
