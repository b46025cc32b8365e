import { P2mError, type TraceReader } from '@p2mtrace/trace-format';
import type { EventFeed } from '../event-feed.js';
import { loadState } from '../memory/state-image.js';
import type { Replayer } from '../replayer.js';
import { buildCheckpoints } from './checkpoint-build.js';
import { CheckpointFile } from './checkpoint-file.js';
import { traceIdentity } from './trace-identity.js';

/** Replaying as many events takes about 6 ms, and loading a checkpoint 3 ms or more. */
const CHECKPOINT_EVERY = 2 ** 16;
/** Replaying fewer than that, which takes about 50 ms, is not worth a file, unless checkpoints are asked for. */
const WORTH_A_FILE = 2 ** 19;

/** Name of the file with the checkpoints of a trace. */
export const checkpointPath = (trace: string): string => `${trace}.p2mi`;

export interface CheckpointOptions {
  /** Events from one checkpoint to the next, where their size allows it; and that a jump may replay without any. */
  readonly checkpointEvery?: number | undefined;
  /** Called with the number of events applied so far, and how many there will be, while a long replay is under way. */
  readonly onProgress?: ((events: number, of: number) => void) | undefined;
  /** Told in a sentence when the file was made, or can't be made or used. */
  readonly onNotice?: ((text: string) => void) | undefined;
}

/** The checkpoints of a trace, in a file that is made when first needed and done without where that is impossible. */
export class Checkpoints {
  private readonly every: number;
  private readonly bearable: number;
  private readonly reader: TraceReader;
  private readonly feed: EventFeed;
  private readonly options: CheckpointOptions;
  private readonly path: string;
  private identity: string | undefined;
  private file: CheckpointFile | undefined;
  private opened = false;
  /** The file was of no use once; it is made anew one time only. */
  private damaged = false;
  /** Another attempt to make the file would fail as the last one did. */
  private hopeless = false;

  constructor(reader: TraceReader, feed: EventFeed, options: CheckpointOptions) {
    this.reader = reader;
    this.feed = feed;
    this.options = options;
    this.every = options.checkpointEvery ?? CHECKPOINT_EVERY;
    this.bearable = options.checkpointEvery ?? WORTH_A_FILE;
    this.path = checkpointPath(reader.path);
  }

  /**
   * The state at the last checkpoint that is not behind the event `next`, if that is more than `every` events away
   * from `from`; undefined where there is none.
   */
  nearest(next: number, from: number): Replayer | undefined {
    if (next - from <= this.every) return undefined;
    this.open();
    const until = this.file?.index.until ?? 0;
    const saved = this.file?.before(next)?.seq ?? 0;
    const far = next > until && next - Math.max(saved, from) > this.bearable;
    return (far ? this.build(next) : undefined) ?? this.load(next, from);
  }

  close(): void {
    this.file?.close();
    this.file = undefined;
  }

  private load(next: number, from: number): Replayer | undefined {
    const checkpoint = this.file?.before(next);
    if (this.file === undefined || checkpoint === undefined || checkpoint.seq <= from) return undefined;
    const replayer = this.feed.start();
    try {
      loadState(replayer, this.file.load(checkpoint));
      return replayer;
    } catch (error) {
      this.discard(error);
      return this.build(next) ?? this.load(next, from);
    }
  }

  /**
   * Makes the file, twice as far as it is needed now: its cost stays in proportion to what was asked, and it is made
   * over and over only a few times. Returns the state at `next` where that is where it ended.
   */
  private build(next: number): Replayer | undefined {
    if (this.hopeless || this.identity === undefined) return undefined;
    const replayer = this.feed.start();
    const first = replayer.seq;
    const until = Math.min(first + this.reader.rows, 2 * next - first);
    const { path, identity, every } = this;
    const onProgress = (events: number) => this.options.onProgress?.(events - first, until - first);
    try {
      buildCheckpoints(this.feed, replayer, { path, identity, every, until, onProgress });
      this.close();
      this.file = CheckpointFile.open(path, identity);
      const megabytes = ((this.file?.size ?? 0) / 1e6).toFixed(1);
      this.options.onNotice?.(`${path} (${megabytes} MB) was written: its checkpoints make jumps in the trace fast`);
    } catch (error) {
      this.hopeless = true;
      // Damage of the trace is told by whoever comes across it.
      if (!(error instanceof P2mError)) this.options.onNotice?.(`no checkpoints are kept: ${(error as Error).message}`);
    }
    return replayer.seq === next ? replayer : undefined;
  }

  private open(): void {
    if (this.opened) return;
    this.opened = true;
    this.identity = traceIdentity(this.reader);
    if (this.identity === undefined) return;
    try {
      this.file = CheckpointFile.open(this.path, this.identity);
      const wanted = this.options.checkpointEvery;
      if (wanted !== undefined && this.file?.index.every !== wanted) this.close();
    } catch (error) {
      this.discard(error);
    }
  }

  private discard(error: unknown): void {
    this.close();
    this.hopeless = this.damaged;
    this.damaged = true;
    this.options.onNotice?.(`${this.path} is of no use: ${(error as Error).message}`);
  }
}
