import { TraceReader, usageError } from '@p2mtrace/trace-format';
import { type CheckpointOptions, Checkpoints } from './checkpoints/checkpoints.js';
import { EventFeed } from './event-feed.js';
import type { FactChunk, FactSelection } from './facts/fact-sink.js';
import { type Position, parsePosition, resolvePosition } from './position.js';
import { RecentState } from './recent-state.js';
import { facts } from './replay-facts.js';
import type { Replayer } from './replayer.js';
import { StateView } from './rows/state-view.js';

export interface OpenReplayOptions extends CheckpointOptions {
  /** TSC ticks per second, for positions in time, if the trace does not have it. */
  readonly tscHz?: number | undefined;
  /** When the first TSC was, in nanoseconds since 1970, for positions in time of day. */
  readonly startTime?: bigint | undefined;
  /** False: no checkpoint file is read or written; jumps back replay from the start. */
  readonly index?: boolean | undefined;
}

/**
 * Opens a trace to look at its state at any point.
 *
 *     const trace = replay('trace.arrow');
 *     trace.at(120_000).entry(1, 'host', 0x1000);
 *
 * If a reader is passed, `close` leaves it open.
 * @throws P2mError like TraceReader.open
 */
export function replay(trace: string | TraceReader, options: OpenReplayOptions = {}): Replay {
  if (typeof trace !== 'string') return new Replay(trace, options);
  const reader = TraceReader.open(trace);
  return new Replay(reader, options, () => reader.close());
}

/** A trace, and its state at one point at a time. */
export class Replay {
  readonly reader: TraceReader;
  /** seq of the last event. */
  readonly end: number;
  /** One before the seq of the first event: nothing has happened yet. */
  readonly start: number;
  private readonly options: OpenReplayOptions;
  private readonly onClose: () => void;
  private readonly feed: EventFeed;
  private readonly checkpoints: Checkpoints | undefined;
  private readonly recent: RecentState;
  private replayer: Replayer;
  private view: StateView | undefined;

  constructor(reader: TraceReader, options: OpenReplayOptions, onClose = () => {}) {
    this.reader = reader;
    this.options = options;
    this.onClose = onClose;
    this.start = (reader.batches[0]?.firstSeq ?? 0) - 1;
    this.end = this.start + reader.rows;
    this.feed = new EventFeed(reader);
    this.checkpoints = options.index === false ? undefined : new Checkpoints(reader, this.feed, options);
    this.recent = new RecentState(this.feed);
    this.replayer = this.feed.start();
  }

  /**
   * The state after the event with this seq (`start` to `end`), or at a position, which may be written as in
   * `p2mtrace replay --at`. A view is valid until the next `at` or `close`; using it later is an error.
   * @throws P2mError P2M_POSITION, P2M_NO_CLOCK, P2M_NO_TSC (usage), P2M_DAMAGED
   */
  at(position: number | string | Position): StateView {
    const next = this.resolve(position);
    this.view?.expire();
    this.replayer = this.nearest(next);
    this.feed.advance(this.replayer, next, events =>
      this.options.onProgress?.(events - this.start - 1, next - this.start - 1),
    );
    this.view = new StateView(this.replayer, this.reader);
    return this.view;
  }

  /**
   * The facts of the whole trace as they become complete: all of them, or a selection. The position of the replay does
   * not matter, and does not change.
   * @throws P2mError P2M_DAMAGED
   */
  facts(wanted?: FactSelection): Generator<FactChunk, void> {
    return facts(this.reader, wanted);
  }

  close(): void {
    this.view?.expire();
    this.checkpoints?.close();
    this.onClose();
  }

  /** A state at or before the event `next`, not far from it. */
  private nearest(next: number): Replayer {
    const { replayer, recent, checkpoints } = this;
    if (next >= replayer.seq) return checkpoints?.nearest(next, replayer.seq, replayer) ?? replayer;
    const kept = recent.isNear(next);
    const saved = checkpoints?.nearest(next, kept ? recent.seq : this.start + 1, replayer);
    if (kept && saved === undefined) return recent.load(this.options.inMemory === true ? replayer : undefined);
    const found = saved ?? this.feed.start();
    recent.keep(found, next, replayer.seq);
    return found;
  }

  /** seq of the first event after a position. */
  private resolve(position: number | string | Position): number {
    if (typeof position === 'string') return this.resolve(parsePosition(position));
    if (typeof position !== 'number') {
      return resolvePosition(this.reader, position, this.options.tscHz, this.options.startTime);
    }
    if (Number.isInteger(position) && position >= this.start && position <= this.end) return position + 1;
    throw usageError(
      'P2M_POSITION',
      `there is no event ${position}`,
      this.end === this.start ? 'the trace has no events' : `the trace has #${this.start + 1} to #${this.end}`,
    );
  }
}
