import { type CopiedBatch, getU53, type TraceReader } from '@p2mtrace/trace-format';
import { EventFeed } from '../event-feed.js';
import { MAX_FRAME } from '../frame-table.js';
import type { Replayer } from '../replayer.js';
import { type FrameOwners, needsFrameOwner } from './piece-filter.js';

/** Tells whose frame an event is about that names no domain, by a replay that goes along with the copying. */
export class OwnerLookup {
  private readonly replayer: Replayer;
  private readonly feed: EventFeed;
  private owners = new Int32Array(0);

  /** `replayer` stands where the copying begins, and is this one's from then on. @throws P2mError P2M_DAMAGED */
  constructor(reader: TraceReader, replayer: Replayer) {
    this.feed = new EventFeed(reader);
    this.replayer = replayer;
  }

  /** For rows `from` to `to` (exclusive): the owner as it was before that event. @throws P2mError P2M_DAMAGED */
  ownersOf(batch: CopiedBatch, from: number, to: number): FrameOwners {
    if (this.owners.length < batch.rows) this.owners = new Int32Array(batch.rows);
    this.owners.fill(-1, from, to);
    const { replayer, feed } = this;
    for (let row = from; row < to; row++) {
      if (!needsFrameOwner(batch, row)) continue;
      feed.advance(replayer, batch.firstSeq + row);
      const mfn = getU53(batch.columns.mfn, row);
      if (mfn < MAX_FRAME) this.owners[row] = replayer.ownerOf(replayer.pages.directory.find(mfn));
    }
    return this.owners;
  }
}
