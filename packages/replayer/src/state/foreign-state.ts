import { P2M_TYPE } from '@p2mtrace/trace-format';
import type { EventState } from '../batch/handlers.js';
import type { ReplayBatch } from '../batch/replay-batch.js';
import { gfnOf, hasFailed, mfnOf } from '../batch/row-values.js';
import { DomainFrames } from '../memory/domain-frames.js';
import type { StateImage } from '../memory/state-image.js';
import { HOST, type P2mSet } from './p2m-set.js';
import type { ReplayContext } from './replay-context.js';

const MAP_FOREIGN = P2M_TYPE.map_foreign;

/** A record: the frame, its owner, and the event that mapped it. */
export const FOREIGN_MFN = 0;
export const FOREIGN_OWNER = 1;
export const FOREIGN_SEQ = 2;
const WIDTH = 3;

/** Foreign mappings: frames of one domain in the p2m of another, by domid and gfn. */
export class ForeignState implements EventState {
  readonly mappings = new DomainFrames(WIDTH);
  private readonly context: ReplayContext;
  private readonly p2ms: P2mSet;

  constructor(context: ReplayContext, p2ms: P2mSet) {
    this.context = context;
    this.p2ms = p2ms;
  }

  readonly handlers = {
    foreign_map: (batch: ReplayBatch, row: number) => {
      if (!hasFailed(batch, row)) this.map(batch, row, this.context.now.seq);
    },
    foreign_unmap: (batch: ReplayBatch, row: number) => this.unmap(batch, row),
    snapshot_foreign: (batch: ReplayBatch, row: number) => this.map(batch, row, Number.NaN),
  };

  private map(batch: ReplayBatch, row: number, seq: number): void {
    const gfn = gfnOf(batch, row);
    const mfn = mfnOf(batch, row);
    if (!this.context.inRange(gfn, mfn)) return;
    const domid = batch.columns.domid[row];
    const mappings = this.mappings.of(domid);
    const at = mappings.make(gfn);
    mappings.data[at + FOREIGN_MFN] = mfn;
    mappings.data[at + FOREIGN_OWNER] = batch.columns.owner[row];
    mappings.data[at + FOREIGN_SEQ] = seq;
    if (!Number.isNaN(seq)) this.p2ms.imply(this.p2ms.of(domid, HOST), gfn, mfn, 0, MAP_FOREIGN);
  }

  private unmap(batch: ReplayBatch, row: number): void {
    const gfn = gfnOf(batch, row);
    if (hasFailed(batch, row) || !this.context.inRange(gfn, mfnOf(batch, row))) return;
    this.mappings.get(batch.columns.domid[row])?.remove(gfn);
  }

  forget(): void {
    this.mappings.clear();
  }

  forgetDomain(domid: number): void {
    this.mappings.delete(domid);
  }

  transfer(image: StateImage): void {
    image.part('mappings', this.mappings);
  }
}
