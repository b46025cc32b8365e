/** The event that is being replayed, for everyone who takes notes of it. */
export class Now {
  seq = 0;
  /** -1 where the event has no pcpu. */
  pcpu = -1;
  /** Index of the event's own call site, -1 for none. */
  caller = -1;
  /** Column `tsc` of the batch, pairs of u32, and the event's row there. */
  tsc: Uint32Array = new Uint32Array(2);
  row = 0;

  /** Writes the event's TSC into two elements of a fact's record. */
  stamp(records: Float64Array, at: number): void {
    records[at] = this.tsc[2 * this.row];
    records[at + 1] = this.tsc[2 * this.row + 1];
  }
}
