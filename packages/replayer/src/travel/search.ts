import type { TraceReader } from '@p2mtrace/trace-format';
import { type EventFilter, firstMatch } from '../events/event-filter.js';

/**
 * A search for an event, which may take long: now and then it yields the seq that it has reached, and it returns what
 * it found. The caller can stop between two steps, or run it to the end with `found`.
 */
export type Search = Generator<number, number | undefined>;

/** The event that a search finds, undefined for none. */
export function found(search: Search): number | undefined {
  for (;;) {
    const step = search.next();
    if (step.done === true) return step.value;
  }
}

/** Events searched at a time: some ten milliseconds. */
const STEP = 1 << 20;

/** The first event after `from` that matches the filter. @throws P2mError P2M_DAMAGED */
export function* forwardToMatch(reader: TraceReader, filter: EventFilter, from: number): Search {
  const end = endOf(reader);
  for (let at = from + 1; at < end; at += STEP) {
    const seq = firstMatch(reader, filter, { from: at, to: at + STEP });
    if (seq !== undefined) return seq;
    yield Math.min(at + STEP, end) - 1;
  }
  return undefined;
}

/** The last event before `from` that matches the filter. @throws P2mError P2M_DAMAGED */
export function* backToMatch(reader: TraceReader, filter: EventFilter, from: number): Search {
  const first = reader.batches[0]?.firstSeq ?? 0;
  for (let to = from; to > first; to -= STEP) {
    const seq = firstMatch(reader, filter, { from: to - STEP, to }, 'backward');
    if (seq !== undefined) return seq;
    yield Math.max(to - STEP, first);
  }
  return undefined;
}

const endOf = ({ batches, rows }: TraceReader): number => (batches[0]?.firstSeq ?? 0) + rows;
