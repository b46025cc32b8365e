import type { Holds } from './lock-holds.js';

/** What to add to the TSCs of the second pcpu so that no lock is held by both at once: `least` to `most`. */
export interface OffsetRange {
  readonly least: number;
  readonly most: number;
}

/** Steps towards an offset that fits, each past the hold that was in the way; after so many there is none. */
const MAX_STEPS = 4096;

/**
 * The offsets next to 0 with which two pcpus' holds of the same locks do not overlap; undefined where the clocks would
 * have to be apart by more than half of the time in which they were seen. `shared` has the holds of both, lock by lock.
 */
export function offsetRange(shared: readonly (readonly [Holds, Holds])[]): OffsetRange | undefined {
  const later = climb(shared);
  const earlier = climb(shared.map(([a, b]) => [b, a] as const));
  if (later === undefined && earlier === undefined) return undefined;
  const isLater = earlier === undefined || (later !== undefined && later <= earlier);
  const offset = isLater ? (later ?? 0) : -(earlier ?? 0);
  if (Math.abs(offset) > span(shared) / 2) return undefined;
  const { before, behind } = room(shared, offset);
  return { least: offset - before, most: offset + behind };
}

/** The least offset from 0 up that fits. */
function climb(shared: readonly (readonly [Holds, Holds])[]): number | undefined {
  let offset = 0;
  for (let step = 0; step < MAX_STEPS; step++) {
    let lacking = 0;
    for (const [a, b] of shared) lacking = Math.max(lacking, overlap(a, b, offset));
    if (lacking === 0) return offset;
    offset += lacking;
  }
  return undefined;
}

/** By how much the second one's holds must come later at the least, as far as those that overlap now show. */
function overlap(a: Holds, b: Holds, offset: number): number {
  let most = 0;
  for (let i = 0, j = 0; i < a.from.length && j < b.from.length; ) {
    const [from, to] = [b.from[j] + offset, b.to[j] + offset];
    if (a.from[i] < to && from < a.to[i]) most = Math.max(most, a.to[i] - from);
    if (a.to[i] <= to) i++;
    else j++;
  }
  return most;
}

/** How much less, and more, the offset may be until holds overlap; Infinity where none would. */
function room(shared: readonly (readonly [Holds, Holds])[], offset: number): { before: number; behind: number } {
  let before = Number.POSITIVE_INFINITY;
  let behind = Number.POSITIVE_INFINITY;
  for (const [a, b] of shared) {
    for (let i = 0, j = 0; i < a.from.length && j < b.from.length; ) {
      const from = b.from[j] + offset;
      if (a.to[i] <= from) before = Math.min(before, from - a.to[i++]);
      else behind = Math.min(behind, a.from[i] - (b.to[j++] + offset));
    }
  }
  return { before, behind };
}

/** From the first to the last of all these holds. */
function span(shared: readonly (readonly [Holds, Holds])[]): number {
  const all = shared.flat();
  return Math.max(...all.map(({ to }) => to[to.length - 1])) - Math.min(...all.map(({ from }) => from[0]));
}
