import type { TraceReader } from '@p2mtrace/trace-format';
import { EventFeed } from './event-feed.js';
import { finishFacts } from './finish-facts.js';
import type { ReplayOptions } from './replay-options.js';
import { Replayer } from './replayer.js';

export interface ReplayTraceOptions extends ReplayOptions {
  /** Stop before this seq; the end of the trace where it is absent. */
  readonly until?: number | undefined;
  /** Called with the events applied so far, batch by batch. */
  readonly onProgress?: ((events: number) => void) | undefined;
}

/**
 * Replays a trace from its start. Reads batch by batch; memory follows the live state, not the trace's length.
 * @throws P2mError P2M_DAMAGED where a column does not match its checksum
 */
export function replayTrace(reader: TraceReader, options: ReplayTraceOptions = {}): Replayer {
  const replayer = new Replayer(reader, options);
  const feed = new EventFeed(reader, options.facts !== undefined);
  feed.advance(replayer, options.until ?? Number.POSITIVE_INFINITY, options.onProgress);
  finishFacts(replayer);
  return replayer;
}
