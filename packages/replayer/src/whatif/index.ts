export type { BlamedPair } from './blame.js';
export { MAPPING } from './blame.js';
export type { Deadlock, DeadlockMember } from './deadlock.js';
export {
  type DesignChoice,
  DISCIPLINES,
  type Discipline,
  FAIRNESS,
  type Fairness,
  GRANULARITIES,
  type Granularity,
  type LockDesign,
  lockDesigns,
  UPGRADES,
  type Upgrade,
} from './design.js';
export { whatIfOnThreads } from './experiment-threads.js';
export { FOREIGN, type Foreign } from './experiments.js';
export { LOCK_BYTES, type LockMemory } from './lock-memory.js';
export type { Waits } from './outcome.js';
export { OVERLAYS, type OverlayKind } from './overlay.js';
export type { Refusals } from './refusals.js';
export type { SectionCounts } from './section-counts.js';
export type { SectionRun } from './section-run.js';
export { MAX_PCPUS, type WhatIf, type WhatIfOptions, whatIf } from './what-if.js';
export type { WhatIfRow } from './what-if-row.js';
