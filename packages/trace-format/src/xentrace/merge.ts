import type { Kernel } from '../kernel/kernel.js';
import { RECORDS } from '../schema/record-table.js';
import { type Chunk, lastTscOf, PollingBounds } from './chunk.js';
import { isBefore, PcpuCursor, type ReadWords } from './cursor.js';
import type { RowWriter } from './row-writer.js';

/** Number of latest sweeps whose records wait while more input may come. */
const KEEP_SWEEPS = 2;
/** Number of those of a stream of which is known what they prove about time. */
const KNOWN_SWEEPS = 64;

/**
 * Brings the records of all pcpus into one order: by TSC, ties by pcpu, then by position
 * (docs/format.md#time-and-order). If a record has no TSC of its own, ties are broken by sweep first: what an earlier
 * poll found is older.
 */
export class Merger {
  private readonly cursors: PcpuCursor[] = [];
  private readonly byPcpu = new Map<number, PcpuCursor>();
  private readonly rows: RowWriter;
  private readonly kernel: Kernel;
  private readonly readWords: ReadWords;
  private readonly bounds: PollingBounds;
  /** Highest TSC written so far; nothing earlier may follow. */
  private readonly done = new Uint32Array(2);
  private sweep = 0;
  private lastPcpu = -1;
  private addedBytes = 0;

  constructor(rows: RowWriter, kernel: Kernel, readWords: ReadWords) {
    this.rows = rows;
    this.kernel = kernel;
    this.readWords = readWords;
    const scratch = { words: new Uint32Array(0) };
    this.bounds = new PollingBounds(chunk => {
      chunk.lastTsc ??= scanLastTsc(chunk, readWords, scratch);
      return chunk.lastTsc;
    });
  }

  /** Adds the next window of the input; windows come in file order. */
  add(window: Omit<Chunk, 'sweep'>): void {
    if (window.pcpu <= this.lastPcpu) this.sweep++;
    this.lastPcpu = window.pcpu;
    const chunk: Chunk = { ...window, sweep: this.sweep };
    this.rows.health.countOther(RECORDS.cpuChange.id);
    this.bounds.add(chunk);
    this.addedBytes += window.bytes;
    let cursor = this.byPcpu.get(window.pcpu);
    if (cursor === undefined) {
      cursor = new PcpuCursor(window.pcpu, this.kernel, this.readWords, this.bounds);
      this.byPcpu.set(window.pcpu, cursor);
      this.cursors.push(cursor);
    }
    cursor.chunks.push(chunk);
  }

  get allCursors(): readonly PcpuCursor[] {
    return this.cursors;
  }

  /** Bytes of windows opened so far, and of those that wait. */
  get readBytes(): number {
    return this.cursors.reduce((sum, cursor) => sum + cursor.takenBytes, 0);
  }
  get heldBytes(): number {
    return this.addedBytes - this.readBytes;
  }

  /** Drops what no window to come needs: a stream may go on for weeks. */
  forget(): void {
    this.bounds.forget(this.sweep - KNOWN_SWEEPS);
  }

  /**
   * Writes records in order. While more input may come (`final` false), only those of sweeps that no later window can
   * precede: what a sweep finds was made after the last sweep but one was written.
   * @returns false if it stopped after `steps` steps, with more to write
   */
  drain(final: boolean, progress?: () => void, steps = Number.POSITIVE_INFINITY): boolean {
    for (let step = 0; step < steps; step++) {
      let best: PcpuCursor | undefined;
      let second: PcpuCursor | undefined;
      for (const cursor of this.cursors) {
        if (!cursor.ready()) continue;
        if (best === undefined || before(cursor, best)) {
          second = best;
          best = cursor;
        } else if (second === undefined || before(cursor, second)) {
          second = cursor;
        }
      }
      if (best === undefined) return true;
      if (!final && best.sweep > this.sweep - KEEP_SWEEPS) return true;
      this.runUntil(best, second);
      progress?.();
    }
    return false;
  }

  private runUntil(best: PcpuCursor, second: PcpuCursor | undefined): void {
    if (best.own && isBefore(best.tsc, this.done)) {
      this.rows.health.late += this.rows.run(best, this.done, false);
    } else {
      const limit = second?.tsc ?? farBehind(best.tsc);
      this.rows.run(best, limit, second === undefined || best.pcpu < second.pcpu);
      best.checkTsc(limit);
    }
    const isAhead = best.own && best.pos < best.end;
    if (!isAhead && isBefore(this.done, best.lastTsc)) this.done.set(best.lastTsc);
  }
}

/** The limit of the last pcpu: so far that only a wrong TSC, or a long rest, is beyond it. */
function farBehind(tsc: Uint32Array): Uint32Array {
  return Uint32Array.of(tsc[0], Math.min(tsc[1] + 1, 0xffff_ffff));
}

function before(a: PcpuCursor, b: PcpuCursor): boolean {
  if (a.tsc[1] !== b.tsc[1]) return a.tsc[1] < b.tsc[1];
  if (a.tsc[0] !== b.tsc[0]) return a.tsc[0] < b.tsc[0];
  if (!(a.own && b.own) && a.sweep !== b.sweep) return a.sweep < b.sweep;
  return a.pcpu < b.pcpu;
}

function scanLastTsc(chunk: Chunk, read: ReadWords, scratch: { words: Uint32Array }): bigint {
  if (chunk.words !== undefined) return lastTscOf(chunk.words, chunk.words.length);
  const words = chunk.bytes >>> 2;
  if (scratch.words.length < words) scratch.words = new Uint32Array(words);
  read(scratch.words, 0, chunk.offset, words * 4);
  return lastTscOf(scratch.words, words);
}
