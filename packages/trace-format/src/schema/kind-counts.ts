import { FLAG } from './flags.js';
import { KIND, KINDS } from './kinds.js';
import type { TraceMetadata } from './metadata.js';

/** Counts events by kind, and finds out whether results of writes were recorded, not only attempts. */
export class KindCounts {
  private readonly counts = new Float64Array(256);
  private hasResults = false;

  add(kind: Uint8Array, flags: Uint32Array, rows: number): void {
    // Alternately: raising a counter that was just raised is slow, and events of one kind come in runs.
    const [even, odd] = [new Uint32Array(256), new Uint32Array(256)];
    for (let row = 0; row + 1 < rows; row += 2) {
      even[kind[row]]++;
      odd[kind[row + 1]]++;
    }
    if (rows % 2 === 1) even[kind[rows - 1]]++;
    for (let i = 0; i < 256; i++) this.counts[i] += even[i] + odd[i];
    if (this.hasResults || even[SET_ENTRY] + odd[SET_ENTRY] === 0) return;
    for (let row = 0; row < rows && !this.hasResults; row++) {
      this.hasResults = kind[row] === SET_ENTRY && (flags[row] & ATTEMPT) === 0;
    }
  }

  /** `known`: metadata so far. A piece keeps its trace's `hasResults` even if its range has none (docs/format.md). */
  summary(known: TraceMetadata): Pick<TraceMetadata, 'counts' | 'hasResults'> {
    const counts: Record<string, number> = {};
    KINDS.forEach((kind, i) => {
      if (this.counts[i] > 0) counts[kind.name] = this.counts[i];
    });
    return { counts, hasResults: this.hasResults || known.hasResults === true };
  }
}
const SET_ENTRY = KIND.set_entry;
const ATTEMPT = FLAG.attempt;
