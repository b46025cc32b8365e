import type { Holds } from './lock-holds.js';

/** What to add to the second pcpu's TSCs so that both never hold a lock at once: from `least` to `most`. */
export interface OffsetRange {
  readonly least: number;
  readonly most: number;
}

/** Steps towards an offset that fits, each past the hold in the way; after this many, the search gives up. */
const MAX_STEPS = 4096;

/**
 * The offsets nearest to 0 for which two pcpus' holds of the same locks do not overlap; undefined if the clocks would
 * have to be apart by more than half of the time observed. `shared` has the holds of both pcpus, by lock.
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

/** The least offset that fits, from 0 up. */
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

/** How much later the second pcpu's holds must be, at least, judging by those that overlap now. */
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

/** How much less, and how much more, the offset may be before holds overlap; Infinity if none ever would. */
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

/** Time from the first to the last of these holds. */
function span(shared: readonly (readonly [Holds, Holds])[]): number {
  const all = shared.flat();
  return Math.max(...all.map(({ to }) => to[to.length - 1])) - Math.min(...all.map(({ from }) => from[0]));
}
