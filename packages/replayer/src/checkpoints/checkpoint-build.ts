import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { EventFeed } from '../event-feed.js';
import { saveState } from '../memory/state-image.js';
import type { Replayer } from '../replayer.js';
import { INDEX_VERSION } from './checkpoint-format.js';
import { CheckpointWriter } from './checkpoint-writer.js';

/** Pieces are found by offset / 8 as a u32. */
const BYTES_MAX = 2 ** 35 - 2 ** 32;
/** A file that nobody has written to for so long was left behind by a process that was killed. */
const ABANDONED_MS = 600_000;

/**
 * Bytes that the checkpoints of so many events may take: 64 MB, and half as much as the trace itself, which takes
 * about 60 an event. Where they would take more, there are fewer of them.
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
 * Replays with a fresh replayer, and writes checkpoints on the way. Any number of processes may do so at a time: the
 * last one's file stays.
 * @throws a system error where writing fails, and then nothing is left; P2mError P2M_DAMAGED as the feed does
 */
export function buildCheckpoints(feed: EventFeed, replayer: Replayer, options: BuildOptions): void {
  const { path, identity, every, until, onProgress, roomFor: room = roomFor } = options;
  removeAbandoned(path);
  const writer = new CheckpointWriter(path, `${path}.${randomBytes(6).toString('hex')}.partial`);
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

/** Removes what killed processes have left of checkpoints of this trace. */
function removeAbandoned(path: string): void {
  const folder = dirname(path);
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(`${basename(path)}.`) || !name.endsWith('.partial')) continue;
    const left = join(folder, name);
    const { mtimeMs } = statSync(left, { throwIfNoEntry: false }) ?? { mtimeMs: Date.now() };
    if (Date.now() - mtimeMs > ABANDONED_MS) rmSync(left, { force: true });
  }
}
