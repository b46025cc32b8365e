import { P2M_TYPE } from '@p2mtrace/trace-format';
import type { EventState } from '../batch/handlers.js';
import type { ReplayBatch } from '../batch/replay-batch.js';
import { arg0Of, gfnOf, hasFailed, mfnOf } from '../batch/row-values.js';
import { DomainFrames } from '../memory/domain-frames.js';
import type { StateImage } from '../memory/state-image.js';
import { NO_MFN } from '../tables/p2m-table.js';
import { HOST, type P2mSet } from './p2m-set.js';
import type { ReplayContext } from './replay-context.js';

const RAM_RW = P2M_TYPE.ram_rw;
const PAGING_OUT = P2M_TYPE.ram_paging_out;
const PAGED = P2M_TYPE.ram_paged;
const PAGING_IN = P2M_TYPE.ram_paging_in;

/** A record: the p2m type that the last event implied, 1 if it was evicted and not prepared since, the event. */
export const PAGING_TYPE = 0;
export const PAGING_EVICTED = 1;
export const PAGING_SEQ = 2;
const WIDTH = 3;

/** mem_paging (docs/xen.md#paging): what the last event made of each gfn, by domain. */
export class PagingState implements EventState {
  readonly states = new DomainFrames(WIDTH);
  private readonly context: ReplayContext;
  private readonly p2ms: P2mSet;

  constructor(context: ReplayContext, p2ms: P2mSet) {
    this.context = context;
    this.p2ms = p2ms;
  }

  readonly handlers = {
    page_nominate: (batch: ReplayBatch, row: number) => this.step(batch, row, PAGING_OUT),
    page_evict: (batch: ReplayBatch, row: number) => this.step(batch, row, PAGED),
    page_populate: (batch: ReplayBatch, row: number) => this.step(batch, row, PAGING_IN),
    page_prep: (batch: ReplayBatch, row: number) => this.step(batch, row, RAM_RW),
    page_resume: (batch: ReplayBatch, row: number) => this.resume(batch, row),
    snapshot_paging: (batch: ReplayBatch, row: number) => this.snapshot(batch, row),
  };

  /** Number of gfns of the domain that were evicted and not prepared since. */
  paged(domid: number): number {
    let paged = 0;
    const states = this.states.get(domid);
    states?.forEach((_, at) => {
      paged += states.data[at + PAGING_EVICTED];
    });
    return paged;
  }

  /** Handles all events except page_resume. */
  private step(batch: ReplayBatch, row: number, type: number): void {
    const gfn = gfnOf(batch, row);
    const mfn = mfnOf(batch, row);
    if (hasFailed(batch, row) || !this.context.inRange(gfn, mfn)) return;
    const domid = batch.columns.domid[row];
    const states = this.states.of(domid);
    const at = states.make(gfn);
    if (type === PAGED) states.data[at + PAGING_EVICTED] = 1;
    else if (type !== PAGING_IN) states.data[at + PAGING_EVICTED] = 0;
    states.data[at + PAGING_TYPE] = type;
    states.data[at + PAGING_SEQ] = this.context.now.seq;
    this.implyEntry(domid, gfn, mfn, type);
  }

  private resume(batch: ReplayBatch, row: number): void {
    const gfn = gfnOf(batch, row);
    const mfn = mfnOf(batch, row);
    if (hasFailed(batch, row) || !this.context.inRange(gfn, mfn)) return;
    const domid = batch.columns.domid[row];
    this.states.get(domid)?.remove(gfn);
    this.implyEntry(domid, gfn, mfn, RAM_RW);
  }

  /** Gives the entry this type, with the recorded mfn or the one it has; without either, it becomes unknown. */
  private implyEntry(domid: number, gfn: number, recorded: number, type: number): void {
    const host = this.p2ms.of(domid, HOST);
    const table = this.p2ms.tables[host];
    const known = table.find(gfn);
    const mfn = type === PAGED ? NO_MFN : recorded !== NO_MFN || !known ? recorded : table.foundMfn(gfn);
    // RAM without a frame, or with an unknown frame, is no entry.
    const complete = type === PAGED || mfn !== NO_MFN || (type === PAGING_IN && known);
    if (complete) this.p2ms.imply(host, gfn, mfn, 0, type);
    else this.p2ms.drop(host, gfn);
  }

  private snapshot(batch: ReplayBatch, row: number): void {
    const { domid, p2m_type: type } = batch.columns;
    const gfn = gfnOf(batch, row);
    if (!this.context.inRange(gfn, NO_MFN)) return;
    const states = this.states.of(domid[row]);
    const at = states.make(gfn);
    states.data[at + PAGING_TYPE] = type[row];
    states.data[at + PAGING_EVICTED] = arg0Of(batch, row) > 0 ? 1 : 0;
    states.data[at + PAGING_SEQ] = Number.NaN;
  }

  forget(): void {
    this.states.clear();
  }

  forgetDomain(domid: number): void {
    this.states.delete(domid);
  }

  transfer(image: StateImage): void {
    image.part('states', this.states);
  }
}
