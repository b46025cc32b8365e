import { isValid, KIND, type KindName, type TraceReader } from '@p2mtrace/trace-format';
import { TOUCH_NOTHING, TOUCHES } from './event-ranges.js';
import type { EverClaimed } from './ever-claimed.js';
import { LockEvents } from './lock-events.js';
import { LockHolds } from './lock-holds.js';
import { MappedFrames } from './mapped-frames.js';
import { readMapping } from './mapping-events.js';
import type { OpStream } from './op-stream.js';
import { PcpuReading } from './pcpu-reading.js';
import { ReadingState } from './reading-state.js';
import { SectionBook } from './section-book.js';
import type { SectionBatch } from './section-columns.js';
import type { SectionCounts } from './section-counts.js';
import { SectionTouches } from './section-touches.js';
import type { WaitTimes } from './wait-times.js';

const K_WAIT = KIND.lock_wait;
const K_ACQUIRE = KIND.lock_acquire;
const K_RELEASE = KIND.lock_release;
const K_LOST = KIND.lost;

/** Reads from a trace, batch by batch, what each pcpu did as far as locks are concerned. */
export class SectionReader {
  /** In the order of the pcpus' numbers. */
  readonly streams: readonly OpStream[];
  readonly counts: SectionCounts;
  /** As recorded, from lock_wait to lock_acquire, of p2m locks. */
  readonly recordedWaits: WaitTimes;
  /** By resource. */
  readonly claimed: ReadonlyMap<number, EverClaimed>;
  /** Events have TSCs; else each stands for one tick. */
  readonly hasClock: boolean;

  private readonly readings: readonly PcpuReading[];
  /** By number of a pcpu, from -1 on: its place among the readings. */
  private readonly places: number[] = [];
  private readonly state: ReadingState;
  private readonly mapped: MappedFrames | undefined;
  private readonly book: SectionBook;
  private readonly locks: LockEvents;
  private readonly touches: SectionTouches;
  private readonly base: { low: number; high: number };

  /** `base`: the first TSC, if there is any. `domain`: whose p2ms are looked at. `mappings`: they are operations too. */
  constructor(
    reader: TraceReader,
    pcpus: readonly number[],
    base: bigint | undefined,
    domain: number | undefined,
    mappings: boolean,
  ) {
    for (const [place, pcpu] of pcpus.entries()) this.places[pcpu + 1] = place;
    this.readings = pcpus.map(() => new PcpuReading());
    this.streams = this.readings.map(({ stream }) => stream);
    const holds = new LockHolds();
    this.state = new ReadingState(reader, domain);
    this.mapped = mappings ? new MappedFrames() : undefined;
    this.book = new SectionBook(this.state, holds);
    this.locks = new LockEvents(this.state, this.book, holds, this.readings);
    this.touches = new SectionTouches(this.state, this.book, this.mapped);
    this.counts = this.state.counts;
    this.recordedWaits = this.locks.waits;
    this.claimed = this.state.claimed;
    this.hasClock = base !== undefined;
    this.base = { low: Number((base ?? 0n) & 0xffff_ffffn), high: Number((base ?? 0n) >> 32n) };
  }

  /** Domain of a resource that is a p2m, -1 for unknown. */
  domainOf(res: number): number {
    return this.state.resources.domainOf(res);
  }

  /** A call site by its symbol, or else its address; undefined for none. */
  siteName(site: number): string | undefined {
    return this.state.sites.nameOf(site);
  }

  /** A lock by its class and address, and whose p2m it protects. */
  resourceName(res: number): string {
    return this.state.resources.nameOf(res);
  }

  /** One more batch, in the order of the trace. */
  read(batch: SectionBatch): void {
    const { columns: c, validity: v, rows, firstSeq } = batch;
    const { state, base, locks } = this;
    const { tsc } = c;
    for (let row = 0; row < rows; row++) {
      if (!this.hasClock) state.now = firstSeq + row;
      else if (isValid(v.tsc, row)) {
        const time = (tsc[2 * row + 1] - base.high) * 2 ** 32 + (tsc[2 * row] - base.low);
        if (time > state.now) state.now = time;
      }
      const kind = c.kind[row];
      const touches = TOUCHES[kind];
      if (touches === TOUCH_NOTHING && !IS_READ[kind]) continue;
      state.seq = firstSeq + row;
      const place = this.places[isValid(v.pcpu, row) ? c.pcpu[row] + 1 : 0];
      const reading = this.readings[place];
      if (touches !== TOUCH_NOTHING) this.touches.touch(reading, batch, row, kind, touches);
      else if (kind === K_ACQUIRE) locks.acquire(reading, place, batch, row);
      else if (kind === K_RELEASE) locks.release(reading, place, batch, row);
      else if (kind === K_WAIT) locks.wait(reading, batch, row);
      else if (kind === K_LOST) locks.lose(reading);
      else readMapping(state, this.mapped, reading, batch, row);
    }
    for (const reading of this.readings) this.book.settle(reading);
  }

  /** The trace ends, and all sections and holds with it. */
  finish(): void {
    for (const reading of this.readings) {
      this.locks.lose(reading);
      this.book.settle(reading);
      reading.stream.ready = reading.stream.end;
      reading.stream.ended = true;
    }
  }
}

/** By kind: read though it touches nothing. */
const READ: readonly KindName[] = [
  'lock_wait',
  'lock_acquire',
  'lock_release',
  'lost',
  'grant_map',
  'grant_unmap',
  'foreign_map',
  'foreign_unmap',
];
const IS_READ: readonly boolean[] = Object.keys(KIND).map(name => READ.includes(name as KindName));
