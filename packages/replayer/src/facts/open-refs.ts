import { withRoom } from '../memory/frame-table.js';

/** References of one page that a put looks through at most. */
const SEARCHED = 256;

/** How well a reference fits the put that may end it: the lowest fits best, and 0 so well that nobody looks on. */
export type Fit = (records: Float64Array, span: number) => number;

/** The references of each page that are open: spans by page slot, chained through their links, the latest first. */
export class OpenRefs {
  /** By slot, 0 for none. */
  private last = new Int32Array(512);
  /** Where a span has the pcpu that took the reference. */
  private readonly pcpuAt: number;

  constructor(pcpuAt: number) {
    this.pcpuAt = pcpuAt;
  }

  push(records: Float64Array, slot: number, span: number): void {
    if (slot >= this.last.length) this.last = withRoom(this.last, slot + 1);
    records[span] = this.last[slot];
    this.last[slot] = span;
  }

  /**
   * Unlinks the reference that a put ends, 0 where none is open. References are alike; the likeliest is the last one
   * that this pcpu took, else the last.
   */
  take(records: Float64Array, slot: number, pcpu: number): number {
    return this.takeFitting(records, slot, (_, span) => (records[span + this.pcpuAt] === pcpu ? 0 : 1));
  }

  /** Unlinks the one that fits best, of equals the latest; 0 where none is open. */
  takeFitting(records: Float64Array, slot: number, fit: Fit): number {
    if (slot >= this.last.length) return 0;
    let best = 0;
    let beforeBest = 0;
    let bestFit = Number.POSITIVE_INFINITY;
    for (let i = 0, before = 0, at = this.last[slot]; i < SEARCHED && at !== 0; i++, before = at, at = records[at]) {
      const fits = fit(records, at);
      if (fits >= bestFit) continue;
      [best, beforeBest, bestFit] = [at, before, fits];
      if (fits === 0) break;
    }
    if (best !== 0) this.unlink(records, slot, beforeBest, best);
    return best;
  }

  /** Unlinks that one; false where it is not among those of the page that are looked through. */
  takeThat(records: Float64Array, slot: number, span: number): boolean {
    for (
      let i = 0, before = 0, at = this.last[slot] ?? 0;
      i < SEARCHED && at !== 0;
      i++, before = at, at = records[at]
    ) {
      if (at !== span) continue;
      this.unlink(records, slot, before, at);
      return true;
    }
    return false;
  }

  private unlink(records: Float64Array, slot: number, before: number, span: number): void {
    if (before === 0) this.last[slot] = records[span];
    else records[before] = records[span];
  }

  /** Unlinks the latest one, 0 where none is open. */
  takeLast(records: Float64Array, slot: number): number {
    const last = slot < this.last.length ? this.last[slot] : 0;
    if (last !== 0) this.last[slot] = records[last];
    return last;
  }

  /** The latest one that meets the condition, 0 for none. */
  find(records: Float64Array, slot: number, meets: (span: number) => boolean): number {
    let at = this.last[slot] ?? 0;
    for (let i = 0; i < SEARCHED && at !== 0; i++, at = records[at]) if (meets(at)) return at;
    return 0;
  }

  /** All that are open, the latest first. */
  forEach(records: Float64Array, slot: number, visit: (span: number) => void): void {
    for (let at = this.last[slot] ?? 0; at !== 0; at = records[at]) visit(at);
  }

  /** How many that this pcpu took are open. */
  takenBy(records: Float64Array, slot: number, pcpu: number): number {
    let count = 0;
    for (let at = this.last[slot] ?? 0; at !== 0; at = records[at]) if (records[at + this.pcpuAt] === pcpu) count++;
    return count;
  }

  /** The latest one that another pcpu took, 0 where none is open. */
  lastOfOthers(records: Float64Array, slot: number, pcpu: number): number {
    let at = this.last[slot] ?? 0;
    while (at !== 0 && records[at + this.pcpuAt] === pcpu) at = records[at];
    return at;
  }

  /**
   * Of those that are not this pcpu's own since that seq, the latest one, 0 where none is open: taken by another pcpu, or
   * before, where what a vcpu does now has not begun.
   */
  lastOfOtherContexts(records: Float64Array, slot: number, pcpu: number, seqAt: number, since: number): number {
    let at = this.last[slot] ?? 0;
    while (at !== 0 && records[at + this.pcpuAt] === pcpu && records[at + seqAt] > since) at = records[at];
    return at;
  }

  /** How many that this pcpu took since that seq are open. */
  takenSince(records: Float64Array, slot: number, pcpu: number, seqAt: number, since: number): number {
    let count = 0;
    for (let at = this.last[slot] ?? 0; at !== 0; at = records[at]) {
      if (records[at + this.pcpuAt] === pcpu && records[at + seqAt] > since) count++;
    }
    return count;
  }

  /** Nothing is open any more. */
  clear(): void {
    this.last.fill(0);
  }
}
