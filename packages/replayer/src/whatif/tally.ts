import { Blame } from './blame.js';
import type { Deadlock } from './deadlock.js';
import { WaitTimes } from './wait-times.js';
import { WorkMeter } from './work-meter.js';

/** What an experiment came to. Times are ticks. */
export class Tally {
  sections = 0;
  upgrades = 0;
  deadlocks = 0;
  /** Claims that were given though others had them, as nothing else would have let anybody go on. */
  forced = 0;
  /** The first of the deadlocks. */
  readonly told: Deadlock[] = [];
  /** Waits for p2ms, by section. */
  readonly waits = new WaitTimes();
  /** Waits for locks of other classes. */
  otherWait = 0;
  readonly blame = new Blame();
  readonly meter = new WorkMeter();
  /** Waits that a mapping was in the way of, from then on. */
  readonly mappingWaits = new WaitTimes();
  /** Claims of mappings that were broken, as nobody could go on. */
  broken = 0;
  makespan = 0;
}
