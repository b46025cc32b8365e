import { FLAG } from '@p2mtrace/trace-format';
import type { EventState } from '../batch/handlers.js';
import type { ReplayBatch } from '../batch/replay-batch.js';
import { gfnOf, hasFailed, mfnOf } from '../batch/row-values.js';
import { FrameRecords } from '../memory/frame-records.js';
import type { StateImage } from '../memory/state-image.js';
import type { ReplayContext } from './replay-context.js';

/** Values of the M2P that are not gfns. */
export const INVALID_M2P = -1;
export const SHARED_M2P = -2;

/** A record: the value, the seq of the event that set it, and the open span for the fact recorder. */
const SEQ = 1;
const TAG = 2;
const WIDTH = 3;

/**
 * machine_to_phys_mapping as recorded: mfn → gfn, INVALID_M2P or SHARED_M2P (docs/xen.md#m2p); unknown where absent.
 */
export class M2pState implements EventState {
  private readonly table = new FrameRecords(WIDTH);
  private readonly context: ReplayContext;

  constructor(context: ReplayContext) {
    this.context = context;
  }

  readonly handlers = {
    m2p_set: (batch: ReplayBatch, row: number) => {
      if (!hasFailed(batch, row)) this.set(batch, row, this.context.now.seq);
    },
    snapshot_m2p: (batch: ReplayBatch, row: number) => this.set(batch, row, Number.NaN),
  };

  private set(batch: ReplayBatch, row: number, seq: number): void {
    const mfn = mfnOf(batch, row);
    const gfn = gfnOf(batch, row);
    if (!this.context.inRange(gfn, mfn)) return;
    const at = this.table.make(mfn);
    const { data } = this.table;
    const shared = (batch.columns.flags[row] & FLAG.shared) !== 0;
    data[at] = shared ? SHARED_M2P : gfn < 0 ? INVALID_M2P : gfn;
    data[at + SEQ] = seq;
    data[at + TAG] = this.context.facts?.m2p?.set(data[at + TAG], mfn, data[at], shared, !Number.isNaN(seq)) ?? 0;
  }

  /** Number of frames whose M2P is known. */
  get size(): number {
    return this.table.size;
  }

  /** The M2P of a frame, undefined for unknown. */
  get(mfn: number): number | undefined {
    const at = this.table.find(mfn);
    return at < 0 ? undefined : this.table.data[at];
  }

  /** seq of the event that set the M2P of a frame, NaN if it was so before the trace or is unknown. */
  setSeq(mfn: number): number {
    const at = this.table.find(mfn);
    return at < 0 ? Number.NaN : this.table.data[at + SEQ];
  }

  /** Every frame whose M2P is known, in order. */
  keys(): number[] {
    const frames: number[] = [];
    this.table.forEach(mfn => {
      frames.push(mfn);
    });
    return frames;
  }

  forget(): void {
    this.table.clear();
  }

  /** The M2P belongs to the machine, so a new domain changes nothing. */
  forgetDomain(): void {}

  transfer(image: StateImage): void {
    image.part('table', this.table);
  }
}
