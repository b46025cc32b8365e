/** The event that is being replayed, for everyone who takes notes of it. */
export class Now {
  seq = 0;
  tscLow = 0;
  tscHigh = 0;
  /** -1 where the event has no pcpu. */
  pcpu = -1;
  /** Index of the event's own call site, -1 for none. */
  caller = -1;
}
