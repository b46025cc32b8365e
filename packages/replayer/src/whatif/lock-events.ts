import { FLAG, isValid, MODE_READ } from '@p2mtrace/trace-format';
import type { LockHolds } from './lock-holds.js';
import { CHUNK_OPS, OP_BEGIN, OP_LOCK, OP_SHARED, OP_UNLOCK } from './op-stream.js';
import type { PcpuReading } from './pcpu-reading.js';
import type { ReadingState } from './reading-state.js';
import type { SectionBook } from './section-book.js';
import type { SectionBatch } from './section-columns.js';
import { WaitTimes } from './wait-times.js';

const MASK = CHUNK_OPS - 1;

/** Events of locks: those of p2ms begin and end sections. */
export class LockEvents {
  /** As recorded, from lock_wait to lock_acquire, of p2m locks. */
  readonly waits = new WaitTimes();
  private readonly state: ReadingState;
  private readonly book: SectionBook;
  private readonly holds: LockHolds;
  private readonly readings: readonly PcpuReading[];

  constructor(state: ReadingState, book: SectionBook, holds: LockHolds, readings: readonly PcpuReading[]) {
    this.state = state;
    this.book = book;
    this.holds = holds;
    this.readings = readings;
  }

  wait(reading: PcpuReading, batch: SectionBatch, row: number): void {
    const { columns: c, validity: v } = batch;
    const { now, seq, resources } = this.state;
    if (!isValid(v.lock, row)) return;
    reading.forgetWait();
    const lock = c.lock[row];
    if (reading.has(lock)) return;
    reading.waitLock = lock;
    reading.waitAt = reading.add(resources.isP2mLock(batch, row) ? OP_BEGIN : OP_LOCK, lock, now, seq);
    reading.waitSince = now;
  }

  /** `place`: that of the pcpu among all, here and below. */
  acquire(reading: PcpuReading, place: number, batch: SectionBatch, row: number): void {
    const { columns: c, validity: v } = batch;
    const { now, seq, resources, counts, sites } = this.state;
    if (!isValid(v.lock, row) || (c.flags[row] & FLAG.failed) !== 0) return;
    const lock = c.lock[row];
    const site = sites.of(batch, row);
    if (this.isRecursion(reading, lock)) return;
    const isP2m = resources.isP2mLock(batch, row);
    if (isValid(v.lock_class, row)) resources.noteClass(lock, c.lock_class[row]);
    const shared = c.mode[row] === MODE_READ;
    const depth = isValid(v.depth, row) ? Math.max(1, c.depth[row]) : 1;
    const waited = reading.waitLock === lock;
    const at = waited ? reading.waitAt : reading.add(isP2m ? OP_BEGIN : OP_LOCK, lock, now, seq);
    const chunk = reading.stream.chunk(at);
    const i = at & MASK;
    chunk.flags[i] = shared ? OP_SHARED : 0;
    chunk.need[i] = this.holds.need(lock, shared);
    if (waited) {
      const free = this.holds.freeSince(lock, shared);
      if (free < reading.waitSince) counts.unexplained++;
      chunk.handoff[i] = now - Math.max(reading.waitSince, free);
      if (isP2m) this.waits.add(now - reading.waitSince);
      reading.time = now;
      reading.waitLock = -1;
    }
    const owner = this.holds.ownerOf(lock);
    if (owner >= 0 && owner !== place) counts.overlaps++;
    this.holds.take(lock, shared, place);
    if (!isP2m) {
      reading.held.push(lock);
      reading.depths.push(depth);
      reading.modes.push(shared ? 1 : 0);
      return;
    }
    if (isValid(v.domid, row)) resources.learn(lock, c.domid[row], 0);
    this.book.open(reading, lock, at, depth, false, shared, site);
  }

  /** The pcpu has it already: it is one deeper in it. */
  private isRecursion(reading: PcpuReading, lock: number): boolean {
    const open = reading.sectionOf(lock);
    if (open !== undefined) {
      open.depth++;
      return true;
    }
    const known = reading.held.indexOf(lock);
    if (known < 0) return false;
    reading.depths[known]++;
    return true;
  }

  release(reading: PcpuReading, place: number, batch: SectionBatch, row: number): void {
    const { columns: c, validity: v } = batch;
    if (!isValid(v.lock, row) || (c.flags[row] & FLAG.failed) !== 0) return;
    const lock = c.lock[row];
    const owner = this.holds.ownerOf(lock);
    // Given back by another pcpu than the one that took it.
    const holder = owner >= 0 && owner !== place && !reading.has(lock) ? this.readings[owner] : reading;
    const section = holder.sectionOf(lock);
    if (section !== undefined) {
      if (--section.depth === 0) this.book.end(holder, section, false);
      return;
    }
    const at = holder.held.indexOf(lock);
    if (at >= 0 && --holder.depths[at] === 0) this.endHold(holder, at);
  }

  /** What the pcpu holds is unknown from now on: it is given back. */
  lose(reading: PcpuReading): void {
    const { sections, held } = reading;
    reading.forgetWait();
    while (sections.length > 0) this.book.end(reading, sections[sections.length - 1], true);
    while (held.length > 0) this.endHold(reading, held.length - 1);
  }

  private endHold(reading: PcpuReading, at: number): void {
    const { now, seq } = this.state;
    const lock = reading.held[at];
    const shared = reading.modes[at] !== 0;
    const place = reading.add(OP_UNLOCK, lock, now, seq);
    if (shared) reading.stream.chunk(place).flags[place & MASK] = OP_SHARED;
    this.holds.give(lock, shared, now);
    reading.held.splice(at, 1);
    reading.depths.splice(at, 1);
    reading.modes.splice(at, 1);
  }
}
