import type { TimedBatch } from './row-reader.js';

/** count_info or type_info of a frame: words, or null where unknown. */
export type Words = { readonly low: number; readonly high: number } | null;

/** An event on one frame, and the window in which it happened: after `since`, and not after `tsc`. */
export interface ChainEvent {
  readonly seq: number;
  readonly pcpu: number;
  readonly tsc: number;
  /** TSC of the same pcpu's record before it. */
  since: number;
  readonly batch: TimedBatch;
  readonly row: number;
}

/** How a frame's count, or its type, goes on from event to event. */
export interface Chain {
  readonly isType: boolean;
  /** The event is about the frame, and changes or tells this of it. */
  has(batch: TimedBatch, row: number, mfn: number): boolean;
  /** What it is after the event; undefined where what was recorded does not follow. */
  after(words: Words, event: ChainEvent): Words | undefined;
  /** What it must have been before an event that it followed; null where anything may have been. */
  before(event: ChainEvent): Words;
}

/** In every order within the windows, one event comes before the other; `slack` is how wrong clocks may be. */
export function mustPrecede(first: ChainEvent, second: ChainEvent, slack: number): boolean {
  if (first.pcpu === second.pcpu) return first.seq < second.seq;
  return first.tsc + slack <= second.since;
}
