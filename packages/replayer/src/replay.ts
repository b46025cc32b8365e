import { TraceReader, usageError } from '@p2mtrace/trace-format';
import { EventFeed } from './event-feed.js';
import { type Position, parsePosition, resolvePosition } from './position.js';
import { Replayer } from './replayer.js';
import { StateView } from './state-view.js';

export interface OpenReplayOptions {
  /** TSC ticks a second, for positions in time, where the trace does not know it. */
  readonly tscHz?: number | undefined;
  /** Called with the number of events applied so far, batch by batch, while a jump is under way. */
  readonly onProgress?: ((events: number) => void) | undefined;
}

/**
 * Opens a trace for standing at any point of it.
 *
 *     const trace = replay('trace.arrow');
 *     trace.at(120_000).entry(1, 'host', 0x1000);
 *
 * A reader that is given stays open on `close`.
 * @throws P2mError as TraceReader.open does
 */
export function replay(trace: string | TraceReader, options: OpenReplayOptions = {}): Replay {
  if (typeof trace !== 'string') return new Replay(trace, options);
  const reader = TraceReader.open(trace);
  return new Replay(reader, options, () => reader.close());
}

/** A trace, and the state at one point of it at a time. */
export class Replay {
  readonly reader: TraceReader;
  /** seq of the last event. */
  readonly end: number;
  /** One before the seq of the first event: where nothing has happened yet. */
  readonly start: number;
  private readonly options: OpenReplayOptions;
  private readonly onClose: () => void;
  private readonly feed: EventFeed;
  private replayer: Replayer;
  private view: StateView | undefined;

  constructor(reader: TraceReader, options: OpenReplayOptions, onClose = () => {}) {
    this.reader = reader;
    this.options = options;
    this.onClose = onClose;
    this.start = (reader.batches[0]?.firstSeq ?? 0) - 1;
    this.end = this.start + reader.rows;
    this.feed = new EventFeed(reader);
    this.replayer = this.newReplayer();
  }

  /**
   * The state after the event of that seq (`start` to `end`), or at a position, which may be written as in
   * `p2mtrace replay --at`. A view is good until the next `at` or `close`; using it later is an error.
   * @throws P2mError P2M_POSITION, P2M_NO_CLOCK, P2M_NO_TSC (usage), P2M_DAMAGED
   */
  at(position: number | string | Position): StateView {
    const next = this.resolve(position);
    this.view?.expire();
    if (next < this.replayer.seq) this.replayer = this.newReplayer();
    this.feed.advance(this.replayer, next, this.options.onProgress);
    this.view = new StateView(this.replayer, this.reader);
    return this.view;
  }

  close(): void {
    this.view?.expire();
    this.onClose();
  }

  /** seq of the first event behind a position. */
  private resolve(position: number | string | Position): number {
    if (typeof position === 'string') return this.resolve(parsePosition(position));
    if (typeof position !== 'number') return resolvePosition(this.reader, position, this.options.tscHz);
    if (Number.isInteger(position) && position >= this.start && position <= this.end) return position + 1;
    throw usageError(
      'P2M_POSITION',
      `there is no event ${position}`,
      this.end === this.start ? 'the trace has no events' : `the trace has #${this.start + 1} to #${this.end}`,
    );
  }

  private newReplayer(): Replayer {
    const replayer = new Replayer(this.reader);
    replayer.seq = this.start + 1;
    return replayer;
  }
}
