import type { TimedBatch } from './row-reader.js';

/** count_info or type_info of a frame: words, or null if unknown. */
export type Words = { readonly low: number; readonly high: number } | null;

/** An event on one frame, and the window in which it happened: after `since`, and no later than `tsc`. */
export interface ChainEvent {
  readonly seq: number;
  readonly pcpu: number;
  readonly tsc: number;
  /** TSC of the same pcpu's previous record; its own for what is recorded before it happens. */
  since: number;
  readonly batch: TimedBatch;
  readonly row: number;
}

/** How a frame's count, or its type, changes from event to event. */
export interface Chain {
  readonly isType: boolean;
  /** True if the event is about the frame, and changes or shows this value. */
  has(batch: TimedBatch, row: number, mfn: number): boolean;
  /** The value after the event; undefined if what was recorded does not follow. */
  after(words: Words, event: ChainEvent): Words | undefined;
  /** The value before an event that follows it; null if any value is possible. */
  before(event: ChainEvent): Words;
}

/** True if the first event precedes the second in every order within the windows; `slack` is the clock error. */
export function mustPrecede(first: ChainEvent, second: ChainEvent, slack: number): boolean {
  if (first.pcpu === second.pcpu) return first.seq < second.seq;
  return first.tsc + slack <= second.since;
}
