/** One of those that wait for each other. */
export interface DeadlockMember {
  readonly pcpu: number;
  /** seq of the section's beginning, and of the operation that waits; NaN for no section. */
  readonly section: number;
  readonly seq: number;
  readonly site: number;
  readonly resource: number;
  /** Gfns; null for all of them, or for a lock of another class. */
  readonly wanted: readonly [first: number, last: number] | null;
  readonly held: readonly (readonly [first: number, last: number] | null)[];
}

/** A circle of waits that came up in an experiment. */
export interface Deadlock {
  readonly time: number;
  readonly members: readonly DeadlockMember[];
}
