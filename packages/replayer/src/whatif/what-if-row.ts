import type { LockDesign } from './design.js';
import type { LockMemory } from './lock-memory.js';
import type { Outcome } from './outcome.js';
import type { Refusals } from './refusals.js';

/** What one design would have cost. Times are ticks. */
export interface WhatIfRow extends LockDesign, Omit<Outcome, 'working' | 'peakGranules'> {
  readonly pcpus: number;
  /** Of its makespan to that of `recorded`. */
  readonly ratio: number;
  /** Sections at work at once, and what of it is lost against no lock at all. */
  readonly parallelism: { readonly mean: number; readonly peak: number; readonly lost: number };
  /** Null where it was not tried, or can't be known. */
  readonly refused: Refusals | null;
  readonly memory: LockMemory;
}

/** An experiment beside one without p2m locks and one with those of the trace. */
export function measuresOf({ working, peakGranules: _, ...outcome }: Outcome, free: Outcome, recorded: Outcome) {
  return {
    ...outcome,
    ratio: recorded.makespan === 0 ? 1 : outcome.makespan / recorded.makespan,
    parallelism: { ...working, lost: free.working.mean === 0 ? 0 : 1 - working.mean / free.working.mean },
  };
}
