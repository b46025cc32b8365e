import { NEVER } from './acquisition-index.js';
import type { LockHistory } from './lock-history.js';
import { CAUSE, type OrderLog } from './order-log.js';

/**
 * The sync-preserving closure of events (Tunç, Mathur, Pavlogiannis, Viswanathan: Sound Dynamic Deadlock Prediction in
 * Linear Time, PLDI 2023): all that must have happened in any order in which they have, where critical sections that
 * exclude each other keep their order. Of each pcpu it has all events up to a row, so it is a vector of rows. It is
 * closed under
 *
 * - the order of each pcpu, and what else orders events (OrderLog);
 * - releases: of two acquisitions in it that exclude each other, the first has been released;
 * - handovers: of a pcpu that gave back what another one had taken, all that it did in between comes after what that one
 *   did before.
 *
 * It only ever grows; what is in it in the recorded order is the other order itself.
 */
export class Closure {
  /** By pcpu: the row up to which it has come, -1 for not at all. */
  readonly stops: Int32Array;
  /**
   * By pcpu: what took it up to its limit, and the lock if it was one; -1 for nothing yet. Of several, the first that is not a
   * lock of the cycle.
   */
  readonly causes: Int32Array;
  readonly causeLocks: Int32Array;
  /** By pcpu: the row that decides. */
  private readonly limits: Int32Array;
  private own: readonly number[] = [];
  /** Looks that it took so far. */
  work = 0;
  private readonly history: LockHistory;
  private readonly orders: OrderLog;
  private readonly pcpus: number;
  /** The last of the stops. */
  private lastStop = -1;
  /** By pcpu: the innermost hold at its stop. */
  private readonly tops: Int32Array;
  private readonly early: readonly number[];
  private readonly dirty: number[] = [];
  private readonly isDirty: Uint8Array;
  private readonly raiseBy = (pcpu: number, row: number, cause: number) => this.raise(pcpu, row, cause);

  constructor(history: LockHistory, orders: OrderLog, pcpus: number) {
    this.history = history;
    this.orders = orders;
    this.pcpus = pcpus;
    this.stops = new Int32Array(pcpus).fill(-1);
    this.causes = new Int32Array(pcpus).fill(-1);
    this.causeLocks = new Int32Array(pcpus).fill(-1);
    this.limits = new Int32Array(pcpus);
    this.tops = new Int32Array(pcpus);
    this.isDirty = new Uint8Array(pcpus);
    this.early = Array.from({ length: pcpus }, (_, pcpu) => pcpu).filter(pcpu => history.earlyOf(pcpu).length > 0);
  }

  /** Of events before this row, or of none. */
  begin(row = 0): void {
    this.causes.fill(-1);
    this.causeLocks.fill(-1);
    this.stops.fill(-1);
    this.tops.fill(0);
    this.lastStop = row - 1;
    if (row <= 0) return;
    this.stops.fill(row - 1);
    for (let pcpu = 0; pcpu < this.pcpus; pcpu++) this.tops[pcpu] = this.history.top(pcpu, row - 1);
    // All that comes before an event in the trace is there: only locks that somebody took too early may be missing.
    for (let pcpu = 0; pcpu < this.pcpus; pcpu++) this.letGo(pcpu, -1);
  }

  /** What takes the pcpu up to this row is to be remembered; `own` are the locks of the cycle. */
  limit(pcpu: number, row: number, own: readonly number[]): void {
    this.limits[pcpu] = row;
    this.own = own;
  }

  /** The pcpu has come at least up to this row. */
  raise(pcpu: number, row: number, cause: number, lock = -1): void {
    if (row <= this.stops[pcpu]) return;
    if (row >= this.limits[pcpu]) this.decide(pcpu, cause, lock);
    this.stops[pcpu] = row;
    if (row > this.lastStop) this.lastStop = row;
    this.tops[pcpu] = this.history.top(pcpu, row);
    if (this.isDirty[pcpu] !== 0) return;
    this.isDirty[pcpu] = 1;
    this.dirty.push(pcpu);
  }

  private decide(pcpu: number, cause: number, lock: number): void {
    const isOwn = this.own.includes(this.causeLocks[pcpu]) && !this.own.includes(lock);
    if (this.causes[pcpu] >= 0 && !isOwn) return;
    this.causes[pcpu] = cause;
    this.causeLocks[pcpu] = lock;
  }

  /** Takes in all that must have happened. */
  close(): void {
    for (let pcpu = this.dirty.pop(); pcpu !== undefined; pcpu = this.dirty.pop()) {
      this.isDirty[pcpu] = 0;
      this.orders.before(pcpu, this.stops[pcpu], this.raiseBy);
      const barrier = this.orders.barrierBefore(this.stops[pcpu]);
      if (barrier > 0) for (let other = 0; other < this.pcpus; other++) this.raise(other, barrier - 1, CAUSE.loss);
      this.followTakers(pcpu);
      this.letGo(pcpu, -1);
      for (let other = 0; other < this.pcpus; other++) {
        if (other !== pcpu && this.tops[other] !== 0) this.letGo(other, pcpu);
      }
      for (const other of this.early) if (other !== pcpu) this.letGo(other, pcpu);
    }
  }

  /** Who gave back a lock for others has come up to what they did, from when they took it on. */
  private followTakers(pcpu: number): void {
    const stop = this.stops[pcpu];
    for (const { taker, taken, given } of this.history.handoversOf(pcpu)) {
      this.work++;
      if (taken < stop) this.raise(taker, Math.min(stop, given) - 1, CAUSE.release);
    }
  }

  /**
   * Releases what the pcpu holds at its stop and somebody, or `only` this one, has taken after it. Where it then stands
   * is looked at by itself.
   */
  private letGo(pcpu: number, only: number): void {
    const { history } = this;
    for (let hold = this.tops[pcpu]; hold !== 0; hold = history.below(hold)) {
      if (this.isTaken(history.acquisitionOf(hold), pcpu, only)) return;
    }
    for (const acquisition of history.earlyOf(pcpu)) {
      if (history.end[acquisition] > this.stops[pcpu] && this.isTaken(acquisition, pcpu, only)) return;
    }
  }

  private isTaken(acquisition: number, pcpu: number, only: number): boolean {
    const { history } = this;
    const row = history.row[acquisition];
    const lock = history.lock[acquisition];
    const mode = history.mode[acquisition];
    const giver = history.giverOf(acquisition);
    if (giver !== pcpu && this.stops[giver] >= history.end[acquisition]) return false;
    if (only < 0) {
      this.work++;
      if (history.isFollowed(acquisition, this.stops, this.lastStop) === false) return false;
    }
    const first = only < 0 ? 0 : only;
    const last = only < 0 ? this.pcpus - 1 : only;
    for (let other = first; other <= last; other++) {
      if (other === pcpu || this.stops[other] <= row) continue;
      this.work++;
      if (history.nextExcluded(lock, mode, other, row) > this.stops[other]) continue;
      // Without a release, nobody can have taken it: all of this pcpu is in the closure, and no cycle is found there.
      this.raise(giver, Math.min(history.end[acquisition], NEVER - 1), CAUSE.lock, lock);
      // If another pcpu gives it back, this one may stand where it does.
      return giver === pcpu;
    }
    return false;
  }
}
