import type { EventState } from '../batch/handlers.js';
import type { ReplayBatch } from '../batch/replay-batch.js';
import { arg0Of, gfnOf, hasFailed } from '../batch/row-values.js';
import { NO_MFN, type P2mTable } from '../tables/p2m-table.js';
import { HOST, type P2mSet } from './p2m-set.js';
import type { ReplayContext } from './replay-context.js';

/**
 * Altp2m views, from creation to destruction, and their remaps (docs/xen.md#altp2m-views). Both are in the view's own
 * P2mTable, like its entries; which entries are stale is found when the host's are written (altp2m-marks.ts).
 */
export class Altp2mState implements EventState {
  private readonly context: ReplayContext;
  private readonly p2ms: P2mSet;

  constructor(context: ReplayContext, p2ms: P2mSet) {
    this.context = context;
    this.p2ms = p2ms;
  }

  readonly handlers = {
    view_create: (batch: ReplayBatch, row: number) => this.empty(batch, row),
    view_reset: (batch: ReplayBatch, row: number) => this.empty(batch, row),
    view_destroy: (batch: ReplayBatch, row: number) => this.destroy(batch, row),
    remap: (batch: ReplayBatch, row: number) => this.remap(batch, row),
    snapshot_view: (batch: ReplayBatch, row: number) => this.snapshotView(batch, row),
    snapshot_remap: (batch: ReplayBatch, row: number) => this.snapshotRemap(batch, row),
  };

  /** Number of the altp2m view's p2m, -1 for other views. */
  private viewOf({ columns: c }: ReplayBatch, row: number): number {
    return this.context.isAltp2m(c.view[row]) ? this.p2ms.of(c.domid[row], c.view[row]) : -1;
  }

  private empty(batch: ReplayBatch, row: number): void {
    const view = this.viewOf(batch, row);
    if (view < 0) return;
    this.p2ms.dropAll(view);
    this.p2ms.tables[view].completeSince = this.context.now.seq;
  }

  private destroy(batch: ReplayBatch, row: number): void {
    const view = this.viewOf(batch, row);
    if (view >= 0) this.p2ms.dropAll(view);
  }

  private remap(batch: ReplayBatch, row: number): void {
    if (hasFailed(batch, row)) return;
    const gfn = gfnOf(batch, row);
    const newGfn = arg0Of(batch, row);
    if (!this.context.inRange(gfn, Number.isNaN(newGfn) ? NO_MFN : newGfn)) return;
    const view = this.viewOf(batch, row);
    if (view < 0) return;
    const { remaps } = this.p2ms.tables[view];
    if (Number.isNaN(newGfn)) {
      this.p2ms.drop(view, gfn);
      remaps.remove(gfn);
      return;
    }
    const from = this.effective(view, newGfn);
    if (from === undefined) this.p2ms.drop(view, gfn);
    else this.p2ms.imply(view, gfn, from.foundMfn(newGfn), 0, from.typeAt(newGfn), from.foundAccess);
    remaps.set(gfn, newGfn);
  }

  /**
   * The table that has what a view shows at the gfn, with that gfn found: the view's own, or the host's if the view is
   * known to have no entry there. undefined: unknown.
   */
  private effective(view: number, gfn: number): P2mTable | undefined {
    const own = this.p2ms.tables[view];
    if (own.find(gfn)) return own;
    if (!own.isAbsent(gfn)) return undefined;
    const host = this.p2ms.find(own.domid, HOST);
    return host?.find(gfn) ? host : undefined;
  }

  private snapshotView(batch: ReplayBatch, row: number): void {
    const view = this.viewOf(batch, row);
    if (view >= 0) this.p2ms.tables[view].completeSince = -1;
  }

  private snapshotRemap(batch: ReplayBatch, row: number): void {
    const gfn = gfnOf(batch, row);
    const newGfn = arg0Of(batch, row);
    const view = this.viewOf(batch, row);
    if (!this.context.inRange(gfn, newGfn) || view < 0) return;
    this.p2ms.tables[view].remaps.set(gfn, newGfn);
  }

  /** It has no state apart from that of the p2ms. */
  forget(): void {}
  forgetDomain(): void {}
  transfer(): void {}
}
