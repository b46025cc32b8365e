import { statSync } from 'node:fs';
import { P2mError, type TraceReader } from '@p2mtrace/trace-format';
import { FileLock, lockHolder, putAside } from '@p2mtrace/trace-format/output';
import type { EventFeed } from '../event-feed.js';
import { loadState, saveState } from '../memory/state-image.js';
import type { Replayer } from '../replayer.js';
import { buildCheckpoints } from './checkpoint-build.js';
import { CheckpointFile } from './checkpoint-file.js';
import { traceIdentity } from './trace-identity.js';

/** Replaying this many events takes about 3 ms, and loading a checkpoint as long. */
const CHECKPOINT_EVERY = 2 ** 15;
/** Replaying fewer events, which takes about 50 ms, is not worth a file, unless checkpoints are asked for. */
const WORTH_A_FILE = 2 ** 19;

/** Name of the checkpoint file of a trace. */
export const checkpointPath = (trace: string): string => `${trace}.p2mi`;

export interface CheckpointOptions {
  /** Events from one checkpoint to the next, if size allows; also how many a jump may replay without making a file. */
  readonly checkpointEvery?: number | undefined;
  /**
   * For who jumps often: keeps the file in memory, if it is of no more than 128 MB, and uses the arrays of the state that
   * is left for the one that is loaded.
   */
  readonly inMemory?: boolean | undefined;
  /** Called during a long replay with the number of events applied so far and the number in all. */
  readonly onProgress?: ((events: number, of: number) => void) | undefined;
  /** Called with a sentence when the file was made, or can't be made or used. */
  readonly onNotice?: ((text: string) => void) | undefined;
}

/** The checkpoints of a trace, in a file made when first needed. If that is impossible, jumps work without it. */
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
  /** The file was unusable once; it is made again only once. */
  private damaged = false;
  /** Another attempt to make the file would fail like the last one. */
  private gaveUp = false;
  private toldOfOther = false;

  constructor(reader: TraceReader, feed: EventFeed, options: CheckpointOptions) {
    this.reader = reader;
    this.feed = feed;
    this.options = options;
    this.every = options.checkpointEvery ?? CHECKPOINT_EVERY;
    this.bearable = options.checkpointEvery ?? WORTH_A_FILE;
    this.path = checkpointPath(reader.path);
  }

  /**
   * The state at the last checkpoint at or before the event `next`, if that saves replaying more than `every` events
   * from `from`; undefined otherwise. In memory, `left` is written over if a state is returned.
   */
  nearest(next: number, from: number, left: Replayer): Replayer | undefined {
    if (next - from <= this.every) return undefined;
    this.open();
    const until = this.file?.index.until ?? 0;
    const saved = this.file?.before(next)?.seq ?? 0;
    const far = next > until && next - Math.max(saved, from) > this.bearable;
    return (far ? this.build(next) : undefined) ?? this.load(next, from, left);
  }

  close(): void {
    this.file?.close();
    this.file = undefined;
  }

  private load(next: number, from: number, left?: Replayer): Replayer | undefined {
    const checkpoint = this.file?.before(next);
    if (this.file === undefined || checkpoint === undefined || checkpoint.seq <= from) return undefined;
    const replayer = this.feed.start();
    const isReused = this.options.inMemory === true && left !== undefined;
    try {
      loadState(replayer, this.file.load(checkpoint, isReused ? saveState(left) : undefined));
      return replayer;
    } catch (error) {
      this.discard(error);
      const found = this.build(next) ?? this.load(next, from);
      // What was left may be written over in part.
      return found ?? (isReused ? this.feed.start() : undefined);
    }
  }

  /**
   * Makes the file for twice the distance needed now: so its cost stays in proportion to the request, and it is made
   * again only a few times. Returns the state at `next` if that is where the file ends.
   */
  private build(next: number): Replayer | undefined {
    if (this.gaveUp || this.identity === undefined) return undefined;
    const lock = FileLock.tryTake(`${this.path}.lock`, 'replay');
    if (lock === undefined) {
      const text = `${this.path} is being made by ${lockHolder(`${this.path}.lock`)}; this replay does without it`;
      if (!this.toldOfOther) this.options.onNotice?.(text);
      this.toldOfOther = true;
      return undefined;
    }
    try {
      return this.isMadeMeanwhile(next, this.identity) ? undefined : this.make(next, this.identity);
    } finally {
      lock.release();
    }
  }

  private make(next: number, identity: string): Replayer | undefined {
    const replayer = this.feed.start();
    const first = replayer.seq;
    const until = Math.min(first + this.reader.rows, 2 * next - first);
    const { path, every } = this;
    const onProgress = (events: number) => this.options.onProgress?.(events - first, until - first);
    try {
      buildCheckpoints(this.feed, replayer, { path, identity, every, until, onProgress });
      this.close();
      this.file = CheckpointFile.open(path, identity, this.options.inMemory);
      const megabytes = ((this.file?.size ?? 0) / 1e6).toFixed(1);
      this.options.onNotice?.(`${path} (${megabytes} MB) was written: its checkpoints make jumps in the trace fast`);
    } catch (error) {
      this.gaveUp = true;
      // Whatever reads the damaged part of the trace reports it.
      if (!(error instanceof P2mError) || error.blame === 'usage')
        this.options.onNotice?.(`no checkpoints are kept: ${(error as Error).message}`);
    }
    return replayer.seq === next ? replayer : undefined;
  }

  private open(): void {
    if (this.opened) return;
    this.opened = true;
    this.identity = traceIdentity(this.reader);
    if (this.identity === undefined) return;
    try {
      this.reopen(this.identity);
    } catch (error) {
      this.discard(error);
    }
  }

  /** Opens the file as it is now. @throws Error if it is damaged or can't be read */
  private reopen(identity: string): void {
    this.close();
    this.file = CheckpointFile.open(this.path, identity, this.options.inMemory);
    const wanted = this.options.checkpointEvery;
    if (wanted !== undefined && this.file?.index.every !== wanted) this.close();
  }

  /** Whether another process has made the file since it was looked for. */
  private isMadeMeanwhile(next: number, identity: string): boolean {
    try {
      this.reopen(identity);
    } catch {
      // It is replaced.
    }
    return next <= (this.file?.index.until ?? 0);
  }

  private discard(error: unknown): void {
    this.close();
    this.gaveUp = this.damaged;
    this.damaged = true;
    const isFile = statSync(this.path, { throwIfNoEntry: false })?.isFile() === true;
    const aside = isFile ? putAside(this.path) : undefined;
    const what = aside === undefined ? '' : `; it was put aside as ${aside}`;
    this.options.onNotice?.(`${this.path} is of no use: ${(error as Error).message}${what}`);
  }
}
