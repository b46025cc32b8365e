import { removeAbandoned } from '@p2mtrace/trace-format/output';
import type { EventFeed } from '../event-feed.js';
import { saveState } from '../memory/state-image.js';
import type { Replayer } from '../replayer.js';
import { INDEX_VERSION } from './checkpoint-format.js';
import { CheckpointWriter } from './checkpoint-writer.js';

/** Offsets of pieces are stored divided by 8, as u32. */
const BYTES_MAX = 2 ** 35 - 2 ** 32;

/**
 * Bytes that the checkpoints of this many events may take: 64 MB, plus half the size of the trace itself, which takes
 * about 60 bytes per event. If they would take more, fewer of them are made.
 */
const roomFor = (events: number): number => Math.min(2 ** 26 + 32 * events, BYTES_MAX);

export interface BuildOptions {
  readonly path: string;
  /** Of the trace. */
  readonly identity: string;
  /** Events from one checkpoint to the next. */
  readonly every: number;
  /** seq up to which to replay. */
  readonly until: number;
  readonly onProgress?: ((seq: number) => void) | undefined;
  readonly roomFor?: typeof roomFor;
}

/**
 * Replays with a fresh replayer and writes checkpoints on the way. Any number of processes may do so at the same time;
 * the file of the last one stays.
 * @throws P2mError P2M_OUTPUT, P2M_WRITE (usage), and then no file is left; P2M_DAMAGED like the feed
 */
export function buildCheckpoints(feed: EventFeed, replayer: Replayer, options: BuildOptions): void {
  const { path, identity, every, until, onProgress, roomFor: room = roomFor } = options;
  removeAbandoned(path);
  const writer = new CheckpointWriter(path);
  const first = replayer.seq;
  try {
    for (let next = first + every; next <= until; next += every) {
      feed.advance(replayer, next, onProgress);
      if (writer.size < room(next - first)) writer.add(next, saveState(replayer));
    }
    feed.advance(replayer, until, onProgress);
    writer.finish({ version: INDEX_VERSION, trace: identity, every, until });
  } catch (error) {
    writer.abort();
    throw error;
  }
}
