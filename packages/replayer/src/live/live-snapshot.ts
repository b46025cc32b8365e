import { BatchBlock, type EventBatch, PRESENT, type TraceRows } from '@p2mtrace/trace-format';
import { PieceScope } from '../pieces/piece-scope.js';
import { writeSnapshots } from '../pieces/snapshot-events.js';
import type { RowTarget } from '../pieces/snapshot-writer.js';
import type { Replayer } from '../replayer.js';
import type { XenState } from '../state/xen-state.js';
import { LivePage } from './live-page.js';
import type { LiveRows } from './live-rows.js';

const ROWS = 4096;

/** Counts snapshots. */
class Counter implements RowTarget {
  rows = 0;
  private readonly batch: EventBatch;

  constructor(batch: EventBatch) {
    this.batch = batch;
  }

  nextRow(): EventBatch {
    this.rows++;
    // One row for all of them.
    this.batch.rows = 1;
    this.batch.present[0] = 0;
    return this.batch;
  }
}

/** Applies snapshots to a replayer. */
class Applier implements RowTarget {
  private readonly batch: EventBatch;
  private readonly replayer: Replayer;
  private seq: number;

  constructor(batch: EventBatch, replayer: Replayer, seq: number) {
    this.batch = batch;
    this.replayer = replayer;
    this.seq = seq;
  }

  nextRow(): EventBatch {
    if (this.batch.rows === ROWS) this.flush();
    this.batch.rows++;
    return this.batch;
  }

  flush(): void {
    const page = new LivePage(this.batch, 0, this.seq);
    page.update();
    this.replayer.apply(page.view);
    this.seq += page.rows;
    this.batch.clear();
  }
}

/**
 * Makes a replayer that has seen nothing know what the state knows, as a piece does that begins there. What it says was
 * so since an event before `state.seq`, was so at that point.
 */
export function copyState(rows: TraceRows, state: XenState, replayer: Replayer, block: BatchBlock): void {
  const [batch] = block.batches;
  const scope = new PieceScope({});
  const counter = new Counter(batch);
  writeSnapshots(rows, state, counter, scope);
  batch.rows = 1;
  batch.present[0] = ALL;
  batch.fillBitmaps();
  batch.clear();
  const applier = new Applier(batch, replayer, Math.max(0, state.seq - counter.rows));
  writeSnapshots(rows, state, applier, scope);
  applier.flush();
  replayer.seq = state.seq;
}

/** Room for snapshots on their way. */
export const snapshotBlock = ({ block }: LiveRows): BatchBlock => new BatchBlock(ROWS, 1, block.kernel);

/** Every column. */
const ALL = Object.values(PRESENT).reduce((all, bit) => all | bit, 0);
