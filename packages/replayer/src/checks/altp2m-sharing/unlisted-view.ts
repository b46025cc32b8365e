import type { Handler, Handlers } from '../../batch/handlers.js';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { gfnOf, hasFailed, mfnOf } from '../../batch/row-values.js';
import { HOST } from '../../state/p2m-set.js';
import type { P2mTable } from '../../tables/p2m-table.js';
import type { Check } from '../check.js';
import type { CheckScope, MakeCheck } from '../check-scope.js';

/** altp2m-sharing.unlisted-view: a view maps a shared frame at a gfn that the frame's rmap does not have (mail 1). */
export const unlistedView: MakeCheck = scope => new UnlistedView(scope);

class UnlistedView implements Check {
  private readonly scope: CheckScope;

  readonly after: Handlers;

  constructor(scope: CheckScope) {
    this.scope = scope;
    const written: Handler = (batch, row) => this.written(batch, row);
    const handlers: Handlers = {
      share_nominate: (batch, row) => this.nominated(batch, row),
      set_entry: written,
      remap: written,
    };
    this.after = scope.records('share_nominate') ? handlers : {};
  }

  /** The frame is shared from now on: whoever maps it must be listed. */
  private nominated(batch: ReplayBatch, row: number): void {
    if (hasFailed(batch, row)) return;
    const mfn = mfnOf(batch, row);
    const { state, p2ms } = this.scope;
    for (const { p2m, gfn } of state.reverse.mappings(mfn)) this.look(p2ms.tables[p2m], gfn, mfn);
  }

  /** A view's entry was written, maybe with frames that are shared. */
  private written(batch: ReplayBatch, row: number): void {
    const { state, p2ms, now } = this.scope;
    const { domid, view, order } = batch.columns;
    if (state.sharing.rmaps.size === 0 || view[row] === HOST || hasFailed(batch, row)) return;
    const table = p2ms.find(domid[row], view[row]);
    const size = 2 ** order[row];
    const first = gfnOf(batch, row) - (gfnOf(batch, row) % size);
    for (let gfn = first; gfn < first + size; gfn++) {
      // A remap that found its entry written has nothing to say of it.
      if (table?.find(gfn) && table.foundSeq === now.seq) this.look(table, gfn, table.foundMfn(gfn));
    }
  }

  private look(table: P2mTable, gfn: number, mfn: number): void {
    const { state, p2ms, report } = this.scope;
    const { rmaps } = state.sharing;
    const { domid, view } = table;
    const isView = p2ms.altp2ms(domid).includes(table);
    if (!isView || mfn < 0 || !rmaps.isComplete(mfn) || rmaps.find(mfn, domid, gfn) !== 0) return;
    const host = p2ms.find(domid, HOST);
    if (!host?.find(gfn) || host.foundMfn(gfn) === mfn || !table.find(gfn)) return;
    const shared = rmaps.of(mfn).at(-1)?.seq ?? Number.NaN;
    const at = [table.foundSeq, shared];
    report({ breach: 'unlisted-view', domid, view, gfn, mfn, p2m_type: table.typeAt(gfn), at });
  }
}
