import { KIND, P2M_TYPE } from '@p2mtrace/trace-format';
import type { EventState } from '../batch/handlers.js';
import type { ReplayBatch } from '../batch/replay-batch.js';
import { arg0Of, gfnOf, hasFailed, mfnOf } from '../batch/row-values.js';
import { DIVERGES } from '../facts/fact-specs.js';
import { FrameMembers } from '../memory/frame-members.js';
import { framesOf } from '../memory/order.js';
import type { StateImage } from '../memory/state-image.js';
import { HOST, type P2mSet } from './p2m-set.js';
import type { ReplayContext } from './replay-context.js';

const K_UNSHARE = KIND.unshare;
const RAM_RW = P2M_TYPE.ram_rw;
const RAM_SHARED = P2M_TYPE.ram_shared;

/** The effect of an event; `recorded` is the size of the rmap after it, NaN if not recorded. */
type Change = (this: SharingState, mfn: number, domid: number, gfn: number, recorded: number) => void;

/** Page sharing (docs/xen.md#sharing-invariants): the gfns that share each frame. */
export class SharingState implements EventState {
  readonly rmaps = new FrameMembers();
  private readonly context: ReplayContext;
  private readonly p2ms: P2mSet;

  constructor(context: ReplayContext, p2ms: P2mSet) {
    this.context = context;
    this.p2ms = p2ms;
  }

  readonly handlers = {
    share_nominate: (batch: ReplayBatch, row: number) => this.apply(batch, row, this.nominate),
    share_pages: (batch: ReplayBatch, row: number) => this.apply(batch, row, this.share),
    unshare: (batch: ReplayBatch, row: number) => this.apply(batch, row, this.unshare),
    rmap_add: (batch: ReplayBatch, row: number) => this.apply(batch, row, this.join),
    rmap_del: (batch: ReplayBatch, row: number) => this.apply(batch, row, this.remove),
    snapshot_rmap: (batch: ReplayBatch, row: number) => this.snapshot(batch, row),
  };

  /** Applies the event's effect to the rmap, and compares the resulting size with the recorded one. */
  private apply(batch: ReplayBatch, row: number, change: Change): void {
    const mfn = mfnOf(batch, row);
    const gfn = gfnOf(batch, row);
    if (!this.context.inRange(gfn, mfn)) return;
    const wasComplete = this.rmaps.isComplete(mfn);
    const recorded = arg0Of(batch, row);
    if (!hasFailed(batch, row)) change.call(this, mfn, batch.columns.domid[row], gfn, recorded);
    const expected = this.rmaps.count(mfn);
    // An rmap that the event emptied was complete before.
    const complete = this.rmaps.isComplete(mfn) || (wasComplete && expected === 0);
    if (!complete || Number.isNaN(recorded) || recorded === expected || this.countsTypes(batch, row)) return;
    this.context.diverge(batch, row, DIVERGES.rmap_count, expected, recorded, Number.NaN);
    this.rmaps.setComplete(mfn, false);
  }

  /**
   * If rmap_del is recorded too, the size recorded with an unshare is not that of the rmap: a recorder that takes it
   * from the type count (rmap_count) reads it before put_page_and_type has dropped the member's reference.
   */
  private countsTypes({ columns }: ReplayBatch, row: number): boolean {
    return this.context.hasRmapDel && columns.kind[row] === K_UNSHARE;
  }

  private nominate(mfn: number, domid: number, gfn: number): void {
    this.empty(mfn);
    this.join(mfn, domid, gfn);
    this.rmaps.setComplete(mfn, true);
    this.p2ms.imply(this.p2ms.of(domid, HOST), gfn, mfn, 0, RAM_SHARED);
  }

  private share(mfn: number, domid: number, gfn: number): void {
    if (!this.context.hasRmapDel) {
      for (const other of this.rmaps.framesOf(domid, gfn)) if (other !== mfn) this.leave(other, domid, gfn);
    }
    this.join(mfn, domid, gfn);
    this.p2ms.imply(this.p2ms.of(domid, HOST), gfn, mfn, 0, RAM_SHARED);
  }

  /** The last member keeps the frame (page_make_private); any other gets a copy, whose frame is not recorded. */
  private unshare(mfn: number, domid: number, gfn: number, recorded: number): void {
    const { hasRmapDel, hasResults } = this.context;
    const complete = this.rmaps.isComplete(mfn);
    // If rmap_del is recorded, only rmap_del removes members.
    if (!hasRmapDel) this.remove(mfn, domid, gfn);
    // The entry is written after this event, by its own set_entry.
    if (hasRmapDel && hasResults) return;
    const last = Number.isNaN(recorded) ? complete && this.rmaps.count(mfn) === 0 : recorded === 0;
    const host = this.p2ms.of(domid, HOST);
    const table = this.p2ms.tables[host];
    if (!table.find(gfn) || table.foundMfn(gfn) !== mfn || table.typeAt(gfn) !== RAM_SHARED) return;
    if (last) this.p2ms.imply(host, gfn, mfn, 0, RAM_RW);
    else this.p2ms.drop(host, gfn);
  }

  private join(mfn: number, domid: number, gfn: number): void {
    this.add(mfn, domid, gfn, this.context.now.seq);
  }

  /** `seq` is NaN if it was a member before. */
  private add(mfn: number, domid: number, gfn: number, seq: number): void {
    if (this.rmaps.find(mfn, domid, gfn) !== 0) return;
    const member = this.rmaps.add(mfn, domid, gfn, seq, 0);
    const span = this.context.facts?.sharing?.join(mfn, domid, gfn, !Number.isNaN(seq));
    if (span !== undefined) this.rmaps.setTag(member, span);
  }

  /** Leaves, if it is known to be a member. */
  private leave(mfn: number, domid: number, gfn: number): void {
    const member = this.rmaps.find(mfn, domid, gfn);
    if (member === 0) return;
    this.context.facts?.sharing?.spans.end(this.rmaps.tagOf(member));
    this.rmaps.remove(member);
  }

  /** Leaves; if nobody saw it join, it was a member before the trace. */
  private remove(mfn: number, domid: number, gfn: number): void {
    if (this.rmaps.find(mfn, domid, gfn) !== 0) this.leave(mfn, domid, gfn);
    else if (!this.rmaps.isComplete(mfn)) this.context.facts?.sharing?.leaveUnseen(mfn, domid, gfn);
  }

  private empty(mfn: number): void {
    for (const { domid, gfn } of this.rmaps.of(mfn)) this.leave(mfn, domid, gfn);
  }

  private snapshot(batch: ReplayBatch, row: number): void {
    const mfn = mfnOf(batch, row);
    const gfn = gfnOf(batch, row);
    if (!this.context.inRange(gfn, mfn)) return;
    const domid = batch.columns.domid[row];
    this.add(mfn, domid, gfn, Number.NaN);
    if (!Number.isNaN(arg0Of(batch, row))) this.rmaps.setComplete(mfn, true);
  }

  /** Frames [mfn, mfn + 2^order) were freed: nobody shares them any more. */
  freed(mfn: number, order: number): void {
    if (this.rmaps.size === 0) return;
    const end = mfn + framesOf(order);
    for (let frame = mfn; frame < end; frame++) this.empty(frame);
  }

  forget(): void {
    this.rmaps.clear();
  }

  /** Rmaps belong to machine frames; members of the old domain stay until events remove them. */
  forgetDomain(): void {}

  transfer(image: StateImage): void {
    image.part('rmaps', this.rmaps);
  }
}
