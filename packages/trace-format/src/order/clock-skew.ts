import { type OffsetRange, offsetRange } from './clock-offset.js';
import type { Holds, HoldsOfLocks } from './lock-holds.js';

/** By how much a pcpu's TSCs lag behind the others': `ticks` were added; the true value is `least` to `most`. */
interface PcpuSkew {
  readonly pcpu: number;
  readonly ticks: number;
  /** Absent if nothing bounds it. */
  readonly least?: number | undefined;
  readonly most?: number | undefined;
}

export interface ClockSkew {
  /** pcpus whose TSCs must be corrected. */
  readonly corrected: readonly PcpuSkew[];
  /** Pairs that held a lock at the same time, which no correction explains. */
  readonly contradictory: readonly (readonly [number, number])[];
}

/**
 * How far the clocks of pcpus are apart, judging by locks that two of them seem to have held at once (docs/order.md):
 * one number for each pcpu, such that all pairs are right.
 */
export function clockSkew(holds: HoldsOfLocks): ClockSkew {
  const pcpus = [...new Set([...holds.values()].flatMap(byPcpu => [...byPcpu.keys()]))].sort((a, b) => a - b);
  const contradictory: [number, number][] = [];
  /** most[a][b]: the most that b's correction may be above a's. */
  const most = pcpus.map((_, a) => pcpus.map((__, b) => (a === b ? 0 : Number.POSITIVE_INFINITY)));
  pcpus.forEach((a, i) => {
    pcpus.slice(0, i).forEach((b, j) => {
      const shared = sharedHolds(holds, b, a);
      if (shared.length === 0) return;
      const range = offsetRange(shared);
      if (range === undefined) contradictory.push([b, a]);
      else constrain(most, j, i, range);
    });
  });
  const skewed = pcpus.some((_, a) => pcpus.some((__, b) => most[a][b] < 0));
  if (!skewed) return { corrected: [], contradictory };
  const apart = pcpus.flatMap((a, i) =>
    pcpus.flatMap((b, j) => (i < j && isApart(most, i, j) ? [[a, b] as const] : [])),
  );
  if (!close(most)) return { corrected: [], contradictory: [...contradictory, ...apart] };
  return { corrected: corrections(pcpus, most), contradictory };
}

const isApart = (most: readonly number[][], a: number, b: number): boolean => most[a][b] < 0 || most[b][a] < 0;

function constrain(most: number[][], a: number, b: number, range: OffsetRange): void {
  most[a][b] = range.most;
  most[b][a] = -range.least;
}

function sharedHolds(holds: HoldsOfLocks, a: number, b: number): (readonly [Holds, Holds])[] {
  return [...holds.values()].flatMap(byPcpu => {
    const [one, other] = [byPcpu.get(a), byPcpu.get(b)];
    return one === undefined || other === undefined ? [] : [[one, other] as const];
  });
}

/** Tightens each bound by the others (shortest paths); false if no numbers satisfy them all. */
function close(most: number[][]): boolean {
  const all = most.map((_, i) => i);
  for (const via of all) {
    for (const a of all) {
      for (const b of all) most[a][b] = Math.min(most[a][b], most[a][via] + most[via][b]);
    }
  }
  return all.every(a => most[a][a] >= 0);
}

/** With tight bounds, a value that fits the earlier ones always exists; as many pcpus as possible stay unchanged. */
function corrections(pcpus: readonly number[], most: readonly number[][]): PcpuSkew[] {
  const offsets: number[] = [];
  pcpus.forEach((_, b) => {
    let [low, high] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    offsets.forEach((offset, a) => {
      low = Math.max(low, offset - most[b][a]);
      high = Math.min(high, offset + most[a][b]);
    });
    offsets.push(nearestZero(low, high));
  });
  const usual = mostFrequent(offsets);
  const reference = offsets.indexOf(usual);
  return pcpus.flatMap((pcpu, i) => {
    const ticks = offsets[i] - usual;
    if (ticks === 0) return [];
    const [least, highest] = [-most[i][reference], most[reference][i]];
    return [
      {
        pcpu,
        ticks,
        ...(Number.isFinite(least) ? { least } : {}),
        ...(Number.isFinite(highest) ? { most: highest } : {}),
      },
    ];
  });
}

/** 0 if it fits, otherwise half-way between the bounds, but at most twice what is needed. */
function nearestZero(low: number, high: number): number {
  if (low <= 0 && high >= 0) return 0;
  if (low > 0) return low + Math.floor(Math.min((high - low) / 2, low));
  return high - Math.floor(Math.min((high - low) / 2, -high));
}

function mostFrequent(values: readonly number[]): number {
  const times = (value: number) => values.filter(other => other === value).length;
  return values.reduce((best, value) => (times(value) > times(best) ? value : best));
}
