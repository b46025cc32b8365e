import { eventsTouching, matchingEvents, parseExpression } from '@p2mtrace/replayer';
import type { TraceReader } from '@p2mtrace/trace-format';
import type { Story } from '../explain/story.js';
import { framesOfStory } from './slice-subjects.js';

/** Writes of entries that are kept for the reader of a slice. */
const WRITES = 16;

/**
 * What a reader needs, be it needed to show the finding or not: the last writes that gave its gfn or frame an entry, or
 * removed it, or failed to, between the first and the last of these events.
 */
export function contextOfSlice(reader: TraceReader, story: Story, seqs: readonly number[]): number[] {
  const meanwhile = { from: seqs[0], to: seqs[seqs.length - 1] };
  const writes = new Set(matchingEvents(reader, parseExpression('kind == set_entry', reader.names), meanwhile));
  const touching = framesOfStory(story).flatMap(subject => [...eventsTouching(reader, subject, meanwhile)]);
  const found = touching.filter(seq => writes.has(seq));
  return [...new Set(found)].sort((a, b) => a - b).slice(-WRITES);
}
