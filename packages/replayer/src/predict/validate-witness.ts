import { BatchMemory, isValid, KIND, type ReadBatch, type TraceReader } from '@p2mtrace/trace-format';
import { STATE_COLUMNS, type StateColumn } from '../batch/replay-batch.js';
import type { LossStart } from '../event-feed.js';
import { loadState, type StateArray, saveState } from '../memory/state-image.js';
import { Replayer } from '../replayer.js';
import type { LockCycle, Side } from './find-deadlocks.js';
import { OtherOrder } from './other-order.js';

type Batch = ReadBatch<StateColumn>;

/** Bytes of states that are kept at once; cycles that need more wait for another pass over the trace. */
const MOST_BYTES = 2 ** 28;

/**
 * Confirms deadlocks by replaying each in its other order, all of them in one pass over the trace, beside the recorded
 * order. It shares nothing with what finds them: the state is that of every replay. An order is right if no lock is
 * taken that another pcpu has, if each pcpu does all that it did up to where it stops, and if every event sees what it
 * saw as recorded: the write of the entry that it looks up, the generation of the page, its references where it is
 * freed, the domain, the write of the contents that it reads. Then each pcpu must be about to take what the next one
 * holds. `pcpus` are the trace's numbers of those that cycles name.
 */
export class WitnessValidator {
  private readonly reader: TraceReader;
  private readonly losses: readonly LossStart[];
  private readonly pcpus: readonly number[];
  private readonly start: number;
  private readonly confirmed = new Set<LockCycle>();

  constructor(reader: TraceReader, losses: readonly LossStart[], pcpus: readonly number[]) {
    this.reader = reader;
    this.losses = losses;
    this.pcpus = pcpus;
    this.start = reader.batches[0]?.firstSeq ?? 0;
  }

  /** Those of the deadlocks that are some. @throws P2mError P2M_DAMAGED */
  confirm(deadlocks: readonly LockCycle[]): ReadonlySet<LockCycle> {
    let waiting = deadlocks.toSorted((a, b) => a.fromRow - b.fromRow);
    while (waiting.length > 0) waiting = this.pass(waiting);
    return this.confirmed;
  }

  /** Replays the trace once; returns those for which there was no room. */
  private pass(waiting: readonly LockCycle[]): LockCycle[] {
    const replayer = new Replayer(this.reader);
    replayer.seq = this.start;
    const recorded = new OtherOrder(replayer);
    const memory = new BatchMemory();
    const postponed: LockCycle[] = [];
    let active: Attempt[] = [];
    let [next, nextLoss] = [0, 0];
    for (const info of this.reader.batches) {
      if (active.length === 0 && next === waiting.length) break;
      const batch = this.reader.read(info, STATE_COLUMNS, memory);
      recorded.enter(batch);
      for (const { other } of active) other.enter(batch);
      for (let row = 0; row < batch.rows; row++) {
        const seq = info.firstSeq + row;
        for (; nextLoss < this.losses.length && this.losses[nextLoss].seq <= seq; nextLoss++) {
          replayer.beginLoss(this.losses[nextLoss].pcpu);
          active = [];
        }
        for (; next < waiting.length && this.start + waiting[next].fromRow <= seq; next++) {
          const attempt = this.begin(waiting[next], replayer, active);
          if (attempt === undefined) {
            postponed.push(waiting[next]);
            continue;
          }
          attempt.other.enter(batch);
          active.push(attempt);
        }
        if (batch.columns.kind[row] === KIND.lost) active = [];
        const pcpu = isValid(batch.validity.pcpu, row) ? batch.columns.pcpu[row] : -1;
        for (let i = 0; i < active.length; i++) {
          if (active[i].leavesOut(pcpu, seq)) continue;
          if (!this.goesOn(active[i], batch, row, seq, recorded)) active.splice(i--, 1);
        }
        recorded.apply(batch, row, seq);
      }
    }
    return postponed;
  }

  /** Undefined if there is no room for another state. */
  private begin(cycle: LockCycle, replayer: Replayer, active: readonly Attempt[]): Attempt | undefined {
    const state = saveState(replayer);
    const bytes = [...state.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
    const used = active.reduce((sum, attempt) => sum + attempt.bytes, 0);
    if (active.length > 0 && used + bytes > MOST_BYTES) return undefined;
    const fork = new Replayer(this.reader);
    loadState(fork, new Map([...state].map(([name, array]): [string, StateArray] => [name, array.slice()])));
    return new Attempt(cycle, bytes, new OtherOrder(fork), this.start, this.pcpus);
  }

  /** False once it is known whether the cycle is a deadlock. */
  private goesOn(attempt: Attempt, batch: Batch, row: number, seq: number, recorded: OtherOrder): boolean {
    if (!attempt.take(batch, row, seq, recorded)) return false;
    if (seq < attempt.last) return true;
    if (attempt.isStuck()) this.confirmed.add(attempt.cycle);
    return false;
  }
}

/** The other order of one cycle, as far as it has come. */
class Attempt {
  readonly cycle: LockCycle;
  readonly bytes: number;
  /** seq of the last acquisition that is waited for. */
  readonly last: number;
  readonly other: OtherOrder;
  private readonly from: number;
  private readonly pcpus: readonly number[];
  /** By pcpu: seq of its last event in the order, -1 for none; of a side, seq of what it wants, else -1. */
  private readonly stops: Float64Array;
  private readonly wanted: Float64Array;
  private acquisitions = 0;

  constructor(cycle: LockCycle, bytes: number, other: OtherOrder, start: number, pcpus: readonly number[]) {
    this.cycle = cycle;
    this.bytes = bytes;
    this.other = other;
    this.pcpus = pcpus;
    this.from = start + cycle.fromRow;
    this.last = start + Math.max(...cycle.sides.map(({ wantedRow }) => wantedRow));
    const size = Math.max(...pcpus) + 1;
    this.stops = new Float64Array(size).fill(-1);
    this.wanted = new Float64Array(size).fill(-1);
    for (const [i, pcpu] of pcpus.entries()) this.stops[pcpu] = start + cycle.stops[i];
    for (const { pcpu, wantedRow } of cycle.sides) this.wanted[pcpus[pcpu]] = start + wantedRow;
  }

  /** The event has no part in it, and says nothing of it. */
  leavesOut(pcpu: number, seq: number): boolean {
    return seq < this.last && (pcpu < 0 || (seq > this.stops[pcpu] && this.wanted[pcpu] < 0));
  }

  /** Takes the event if it is part of the order; false if that is not right. `recorded` has come up to it. */
  take(batch: Batch, row: number, seq: number, recorded: OtherOrder): boolean {
    if (!isValid(batch.validity.pcpu, row)) return true;
    const pcpu = batch.columns.pcpu[row];
    const isIn = seq <= this.stops[pcpu];
    const wanted = this.wanted[pcpu];
    if (wanted >= 0) {
      // A pcpu does all that it did before it wants the lock, and nothing from there on.
      if (isIn !== seq < wanted) return false;
      if (wanted === seq && this.isWanted(batch, row, pcpu)) this.acquisitions++;
    }
    if (!isIn) return true;
    if (!this.other.mayTake(batch, row)) return false;
    if (this.other.sees(batch, row, this.from) !== recorded.sees(batch, row, this.from)) return false;
    this.other.apply(batch, row, seq);
    return true;
  }

  private isWanted(batch: Batch, row: number, pcpu: number): boolean {
    return this.cycle.sides.some(side => this.pcpus[side.pcpu] === pcpu && isAcquisition(batch, row, side));
  }

  /** Each of its pcpus is about to take what the next one holds. */
  isStuck(): boolean {
    const { sides } = this.cycle;
    if (this.acquisitions !== sides.length) return false;
    return sides.every((side, i) => {
      const next = sides[(i + 1) % sides.length];
      return next.held === side.wanted && this.other.has(this.pcpus[next.pcpu], side.wanted, side.wantedMode);
    });
  }
}

const isAcquisition = ({ columns: c }: Batch, row: number, { wanted, wantedMode }: Side): boolean =>
  c.kind[row] === KIND.lock_acquire && c.lock[row] === wanted && c.mode[row] === wantedMode;
