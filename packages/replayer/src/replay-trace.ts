import type { TraceReader } from '@p2mtrace/trace-format';
import { EventFeed } from './event-feed.js';
import { finishFacts } from './finish-facts.js';
import type { ReplayOptions } from './replay-options.js';
import { Replayer } from './replayer.js';

export interface ReplayTraceOptions extends ReplayOptions {
  /** Stop before this seq; by default at the end of the trace. */
  readonly until?: number | undefined;
  /** Called with the number of events applied so far, batch by batch. */
  readonly onProgress?: ((events: number) => void) | undefined;
}

/**
 * Replays a trace from its start, batch by batch; memory grows with the live state, not with the length of the trace.
 * @throws P2mError P2M_DAMAGED if a column does not match its checksum
 */
export function replayTrace(reader: TraceReader, options: ReplayTraceOptions = {}): Replayer {
  const replayer = new Replayer(reader, options);
  const feed = new EventFeed(reader, { facts: options.facts !== undefined });
  const until = options.until ?? Number.POSITIVE_INFINITY;
  feed.advance(replayer, until, options.onProgress);
  finishFacts(replayer, reader, until);
  return replayer;
}
