import type { EventFeed } from './event-feed.js';
import { type ImageContents, loadState, type StateArray, saveState } from './memory/state-image.js';
import type { Replayer } from './replayer.js';

/** Most events between the kept state and a step back: replaying them takes less than a millisecond. */
const NEAR = 4096;

/**
 * For steps back: a state slightly before the current one, in memory. One step back is usually followed by more, and
 * without checkpoints each would replay the trace from its start.
 */
export class RecentState {
  private readonly feed: EventFeed;
  /** The point of the kept state; nowhere at first. */
  seq = Number.POSITIVE_INFINITY;
  private contents: ImageContents = new Map();

  constructor(feed: EventFeed) {
    this.feed = feed;
  }

  /** True if the kept state is at or before the event `next`, and near it. */
  isNear(next: number): boolean {
    return this.seq <= next && next - this.seq <= 2 * NEAR;
  }

  /** `left`, if given, is written over: to make new arrays takes longer than to fill them. */
  load(left?: Replayer): Replayer {
    const replayer = this.feed.start();
    loadState(replayer, copied(this.contents, left === undefined ? undefined : saveState(left)));
    return replayer;
  }

  /** For a step back from `seq` to `next`: brings the replayer near `next`, and keeps the state that it has there. */
  keep(replayer: Replayer, next: number, seq: number): void {
    if (seq - next > NEAR) return;
    this.feed.advance(replayer, next - NEAR);
    this.seq = replayer.seq;
    this.contents = copied(saveState(replayer));
  }
}

/** Copies, into arrays of `over` where they fit. */
function copied(contents: ImageContents, over?: ImageContents): ImageContents {
  return new Map([...contents].map(([name, array]) => [name, copiedInto(over?.get(name), array)]));
}

function copiedInto(over: StateArray | undefined, array: StateArray): StateArray {
  if (over?.constructor !== array.constructor || over.length !== array.length) return array.slice();
  over.set(array);
  return over;
}
