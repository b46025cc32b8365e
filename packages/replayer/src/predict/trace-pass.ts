import { BatchMemory, FLAG, isValid, KIND, MODE_READ, type ReadBatch, type TraceReader } from '@p2mtrace/trace-format';
import { siteOf } from '../batch/call-site.js';
import type { LossStart } from '../event-feed.js';
import type { LockEdge } from '../facts/lock-edge.js';
import { withRoom } from '../memory/frame-table.js';
import { AbstractAcquires } from './abstract-acquires.js';
import { LockHistory } from './lock-history.js';
import { OrderLog } from './order-log.js';
import { ORDER_TRACKER_COLUMNS, OrderTracker } from './order-tracker.js';

const COLUMNS = [...ORDER_TRACKER_COLUMNS, 'pcpu', 'lock', 'mode', 'depth', 'caller', 'symbol'] as const;
type Batch = ReadBatch<(typeof COLUMNS)[number]>;

const NOBODY = -1;

/**
 * One pass over a trace for what a prediction needs: who held what when, what else orders events, and which
 * acquisitions may be part of a deadlock. Rows count from the first event of the trace.
 */
export class TracePass {
  readonly history = new LockHistory();
  readonly orders = new OrderLog();
  readonly acquires: AbstractAcquires;
  /** Some acquisitions were tried in vain: then others may be trylocks, too, which wait for nobody. */
  hasTrylocks = false;
  /** Numbers of the pcpus in here: those that have events, in the order in which they appear. */
  readonly pcpus: number[] = [];
  private readonly numbers = new Map<number, number>();
  private readonly tracker: OrderTracker;
  private readonly losses: readonly LossStart[];
  private nextLoss = 0;
  /** pcpus that are losing records. */
  private readonly losing = new Set<number>();
  /** By pcpu: the row from which on its locks are unknown. */
  private readonly since: number[] = [];
  /** By lock: the pcpu that took it exclusively. */
  private owners = new Int32Array(64).fill(NOBODY);

  /** @throws P2mError P2M_DAMAGED */
  constructor(reader: TraceReader, edges: readonly LockEdge[], losses: readonly LossStart[], until: number) {
    this.acquires = new AbstractAcquires(this.history, edges);
    this.losses = losses;
    this.tracker = new OrderTracker(this.orders);
    const memory = new BatchMemory();
    const start = reader.batches[0]?.firstSeq ?? 0;
    for (const info of reader.batches) {
      if (info.firstSeq >= until) break;
      const batch = reader.read(info, COLUMNS, memory);
      const rows = Math.min(batch.rows, until - info.firstSeq);
      for (let at = 0; at < rows; at++) this.see(batch, at, info.firstSeq + at - start, start);
    }
  }

  private see(batch: Batch, at: number, row: number, start: number): void {
    const { columns: c, validity: v } = batch;
    while (this.nextLoss < this.losses.length && this.losses[this.nextLoss].seq - start <= row) {
      this.beginLoss(this.numberOf(this.losses[this.nextLoss++].pcpu), row);
    }
    const kind = c.kind[at];
    if (kind === KIND.lost) this.endLoss(isValid(v.pcpu, at) ? this.numberOf(c.pcpu[at]) : NOBODY, row);
    if (!isValid(v.pcpu, at)) return;
    const pcpu = this.numberOf(c.pcpu[at]);
    switch (kind) {
      case KIND.lock_acquire:
        if ((c.flags[at] & FLAG.failed) !== 0) this.hasTrylocks = true;
        else if (isValid(v.lock, at)) this.acquire(batch, at, pcpu, row);
        break;
      case KIND.lock_release:
        if (isValid(v.lock, at) && (c.flags[at] & FLAG.failed) === 0) {
          this.release(pcpu, c.lock[at], c.mode[at], row);
        }
        break;
      case KIND.snapshot:
        if (isValid(v.lock, at) && isValid(v.mode, at)) this.snapshot(batch, at, pcpu);
        break;
    }
    this.tracker.see(batch, at, pcpu, row);
  }

  private numberOf(pcpu: number): number {
    let number = this.numbers.get(pcpu);
    if (number === undefined) {
      number = this.pcpus.length;
      this.numbers.set(pcpu, number);
      this.pcpus.push(pcpu);
    }
    return number;
  }

  private acquire(batch: Batch, at: number, pcpu: number, row: number): void {
    const { columns: c } = batch;
    const lock = c.lock[at];
    const acquisition = this.history.acquire(pcpu, lock, c.mode[at], row, siteOf(batch, at));
    if (c.mode[at] !== MODE_READ) this.own(lock, pcpu);
    // While records are lost, what else there was is unknown.
    if (acquisition !== 0 && this.losing.size === 0) this.acquires.add(acquisition);
  }

  private own(lock: number, pcpu: number): void {
    if (lock >= this.owners.length) {
      const known = this.owners.length;
      this.owners = withRoom(this.owners, lock + 1).fill(NOBODY, known);
    }
    this.owners[lock] = pcpu;
  }

  private release(pcpu: number, lock: number, mode: number, row: number): void {
    const isRead = mode === MODE_READ;
    if (this.history.release(pcpu, lock, mode, row)) return;
    const owner = isRead || lock >= this.owners.length ? NOBODY : this.owners[lock];
    if (owner !== NOBODY && owner !== pcpu) {
      const handover = this.history.releaseFor(owner, pcpu, lock, mode, row);
      if (handover !== undefined) {
        // From when on it was the one's and not the other's lock is unknown.
        for (const either of [owner, pcpu]) this.acquires.withdraw(either, handover.taken);
        this.tracker.givenFor(owner, pcpu, row);
        return;
      }
    }
    this.history.acquiredEarly(pcpu, lock, mode, this.since[pcpu] ?? -1, row);
  }

  /** A lock that was held when the trace began. */
  private snapshot({ columns: c, validity: v }: Batch, at: number, pcpu: number): void {
    this.history.acquiredEarly(pcpu, c.lock[at], c.mode[at], this.since[pcpu] ?? -1);
    if (c.mode[at] !== MODE_READ) this.own(c.lock[at], pcpu);
    const depth = isValid(v.depth, at) ? c.depth[at] : 1;
    for (let again = 1; again < depth; again++) this.history.acquire(pcpu, c.lock[at], c.mode[at], -1, -1);
  }

  private beginLoss(pcpu: number, row: number): void {
    this.losing.add(pcpu);
    this.lose(pcpu, row);
  }

  private endLoss(pcpu: number, row: number): void {
    this.losing.delete(pcpu);
    this.lose(pcpu, row);
  }

  private lose(pcpu: number, row: number): void {
    this.orders.barrier(row);
    const all = pcpu === NOBODY ? this.pcpus.keys() : [pcpu];
    for (const lossy of all) {
      this.history.forget(lossy, row);
      this.since[lossy] = row;
    }
  }
}
