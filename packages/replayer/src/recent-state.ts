import type { EventFeed } from './event-feed.js';
import { type ImageContents, loadState, saveState } from './memory/state-image.js';
import type { Replayer } from './replayer.js';

/** Events that a step back may go, and that the kept state lies behind: to replay them takes less than a millisecond. */
const NEAR = 4096;

/**
 * For steps back: a state a little before the one at hand, in memory. Who has stepped back once will again, and
 * without checkpoints each step would replay the trace from its start.
 */
export class RecentState {
  private readonly feed: EventFeed;
  /** Where the kept state stands; nowhere at first. */
  seq = Number.POSITIVE_INFINITY;
  private contents: ImageContents = new Map();

  constructor(feed: EventFeed) {
    this.feed = feed;
  }

  /** The kept state is not behind the event `next`, and near to it. */
  isNear(next: number): boolean {
    return this.seq <= next && next - this.seq <= 2 * NEAR;
  }

  load(): Replayer {
    const replayer = this.feed.start();
    loadState(replayer, copied(this.contents));
    return replayer;
  }

  /** On the way back from `seq` to `next`: takes the replayer near to there, and keeps the state that it has then. */
  keep(replayer: Replayer, next: number, seq: number): void {
    if (seq - next > NEAR) return;
    this.feed.advance(replayer, next - NEAR);
    this.seq = replayer.seq;
    this.contents = copied(saveState(replayer));
  }
}

function copied(contents: ImageContents): ImageContents {
  return new Map([...contents].map(([name, array]) => [name, array.slice()]));
}
