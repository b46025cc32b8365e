import type { BlamedPair } from './blame.js';
import type { Deadlock } from './deadlock.js';
import type { LockDesign } from './design.js';
import type { LockMemory } from './lock-memory.js';
import type { Refusals } from './refusals.js';
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

/** What one design would have cost. Times are ticks. */
export interface WhatIfRow extends LockDesign {
  readonly pcpus: number;
  readonly sections: number;
  readonly waited: number;
  readonly wait: Waits;
  /** Waits for locks of other classes, which shift with the rest. */
  readonly otherWait: number;
  readonly makespan: number;
  /** To that of `recorded`. */
  readonly ratio: number;
  readonly parallelism: { readonly mean: number; readonly peak: number; readonly lost: number };
  readonly upgrades: number;
  /** Null where it was not tried, or can't be known. */
  readonly refused: Refusals | null;
  readonly deadlocks: number;
  /** Claims that were given though others had them, as nothing else would have let anybody go on. */
  readonly forced: number;
  /** The first deadlocks. */
  readonly told: readonly Deadlock[];
  /** Waits for what a foreign or grant mapping kept, and claims of mappings that had to be broken. */
  readonly foreign: Waits & { readonly waits: number; readonly broken: number };
  readonly memory: LockMemory;
  readonly blame: readonly BlamedPair[];
}

/** What a simulation tells of its design, beside one without p2m locks and one with those of the trace. */
export function measuresOf({ tally }: Simulation, pcpus: number, free: Simulation, recorded: Simulation) {
  const { waits, mappingWaits, meter, told, deadlocks, forced, upgrades, otherWait, makespan, sections } = tally;
  return {
    pcpus,
    sections,
    waited: waits.count,
    wait: waitsOf(waits),
    otherWait,
    makespan,
    ratio: recorded.tally.makespan === 0 ? 1 : makespan / recorded.tally.makespan,
    parallelism: {
      mean: meter.mean,
      peak: meter.peak,
      lost: free.tally.meter.mean === 0 ? 0 : 1 - meter.mean / free.tally.meter.mean,
    },
    upgrades,
    deadlocks,
    forced,
    told,
    foreign: { waits: mappingWaits.count, ...waitsOf(mappingWaits), broken: tally.broken },
    blame: tally.blame.worst(BLAMED),
  };
}

export const waitsOf = (waits: WaitTimes): Waits => ({
  total: waits.total,
  median: waits.percentile(0.5),
  p99: waits.percentile(0.99),
  max: waits.count === 0 ? null : waits.max,
});
