import type { TraceReader } from '@p2mtrace/trace-format';
import { EventFeed } from './event-feed.js';
import type { FactChunk, FactSelection } from './fact-sink.js';
import { FactStore } from './fact-store.js';
import { finishFacts } from './finish-facts.js';

/**
 * The facts of a trace as they become complete: all of them, or those of a selection. Chunks are the caller's own.
 * Memory follows the live state and the facts of one batch, not the trace's length.
 * @throws P2mError P2M_DAMAGED where a column does not match its checksum
 */
export function* facts(reader: TraceReader, wanted?: FactSelection): Generator<FactChunk, void> {
  const store = new FactStore(wanted);
  const feed = new EventFeed(reader);
  const replayer = feed.start({ facts: store });
  for (const _seq of feed.batches(replayer)) yield* store.takeAll();
  finishFacts(replayer);
  yield* store.takeAll();
}
