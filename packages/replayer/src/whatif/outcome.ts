import type { BlamedPair } from './blame.js';
import type { Deadlock } from './deadlock.js';
import type { Simulation } from './simulation.js';
import type { WaitTimes } from './wait-times.js';

/** Pairs of call sites that are told. */
const BLAMED = 10;

/** Waits in ticks; of sections that waited at all. What there is none of has no percentiles: null. */
export interface Waits {
  readonly total: number;
  readonly median: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

/** What one experiment came to. Times are ticks. Plain data, which can go from one thread to another. */
export interface Outcome {
  readonly sections: number;
  readonly waited: number;
  readonly wait: Waits;
  /** Waits for locks of other classes, which shift with the rest. */
  readonly otherWait: number;
  readonly makespan: number;
  /** Sections at work at once, on average while there are any, and at most. */
  readonly working: { readonly mean: number; readonly peak: number };
  readonly upgrades: number;
  readonly deadlocks: number;
  /** Claims that were given though others had them, as nothing else would have let anybody go on. */
  readonly forced: number;
  /** The first deadlocks. */
  readonly told: readonly Deadlock[];
  /** Waits for what a foreign or grant mapping kept, and claims of mappings that had to be broken. */
  readonly foreign: Waits & { readonly waits: number; readonly broken: number };
  readonly blame: readonly BlamedPair[];
  /** Granules claimed at once, at most. */
  readonly peakGranules: number;
}

/** @param simulation one that has ended */
export function outcomeOf({ tally, peakGranules }: Simulation): Outcome {
  const { waits, mappingWaits, meter, blame, broken } = tally;
  const { sections, otherWait, makespan, upgrades, deadlocks, forced, told } = tally;
  return {
    sections,
    waited: waits.count,
    wait: waitsOf(waits),
    otherWait,
    makespan,
    working: { mean: meter.mean, peak: meter.peak },
    upgrades,
    deadlocks,
    forced,
    told,
    foreign: { waits: mappingWaits.count, ...waitsOf(mappingWaits), broken },
    blame: blame.worst(BLAMED),
    peakGranules,
  };
}

export const waitsOf = (waits: WaitTimes): Waits => ({
  total: waits.total,
  median: waits.percentile(0.5),
  p99: waits.percentile(0.99),
  max: waits.count === 0 ? null : waits.max,
});
