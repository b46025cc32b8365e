import type { TraceReader } from '@p2mtrace/trace-format';
import { EventFeed } from './event-feed.js';
import type { FactChunk, FactSelection } from './facts/fact-sink.js';
import { FactStore } from './facts/fact-store.js';
import { finishFacts } from './finish-facts.js';
import { Replayer } from './replayer.js';

/**
 * The facts of a trace as they become complete: all of them, or a selection. Chunks belong to the caller. Memory grows
 * with the live state and the facts of one batch, not with the length of the trace.
 * @throws P2mError P2M_DAMAGED if a column does not match its checksum
 */
export function* facts(reader: TraceReader, wanted?: FactSelection): Generator<FactChunk, void> {
  const store = new FactStore(wanted);
  const replayer = new Replayer(reader, { facts: store });
  const feed = new EventFeed(reader, { facts: true });
  for (const { firstSeq, rows } of reader.batches) {
    feed.advance(replayer, firstSeq + rows);
    yield* store.takeAll();
  }
  finishFacts(replayer, reader);
  yield* store.takeAll();
}
