import type { ReplayBatch } from '../../batch/replay-batch.js';
import { gfnOf, hasFailed, mfnOf } from '../../batch/row-values.js';
import { alignDown, framesOf } from '../../memory/order.js';
import { HOST } from '../../state/p2m-set.js';
import type { P2mTable } from '../../tables/p2m-table.js';
import { defineCheck } from '../check.js';

/** A view maps a shared frame at a gfn that the frame's rmap does not have. */
export const unlistedView = defineCheck({
  rule: 'altp2m-sharing.unlisted-view',
  ifRecorded: ['share_nominate'],
  make: ({ state, p2ms, now, report, opportunities }) => {
    const entries = opportunities('entry');
    const { rmaps } = state.sharing;

    /** The frame is shared from now on: whoever maps it must be listed. */
    const nominated = (batch: ReplayBatch, row: number) => {
      if (hasFailed(batch, row)) return;
      const mfn = mfnOf(batch, row);
      for (const { p2m, gfn } of state.reverse.someMappings(mfn)) look(p2ms.tables[p2m], gfn, mfn);
    };

    /** A view's entry was written, maybe with frames that are shared. */
    const written = (batch: ReplayBatch, row: number) => {
      const { domid, view, order } = batch.columns;
      if (rmaps.size === 0 || view[row] === HOST || hasFailed(batch, row)) return;
      const table = p2ms.find(domid[row], view[row]);
      const first = alignDown(gfnOf(batch, row), order[row]);
      const end = first + framesOf(order[row]);
      for (let gfn = first; gfn < end; gfn++) {
        // A remap that found its entry written has nothing to say of it.
        if (table?.find(gfn) && table.foundSeq === now.seq) look(table, gfn, table.foundMfn(gfn));
      }
    };

    const look = (table: P2mTable, gfn: number, mfn: number) => {
      const { domid, view } = table;
      const isView = p2ms.altp2ms(domid).includes(table);
      if (!isView || mfn < 0 || !rmaps.isComplete(mfn)) return;
      entries.count();
      if (rmaps.find(mfn, domid, gfn) !== 0) return;
      const host = p2ms.find(domid, HOST);
      if (!host?.find(gfn) || host.foundMfn(gfn) === mfn || !table.find(gfn)) return;
      const at = { mapped: table.foundSeq, shared: rmaps.of(mfn).at(-1)?.seq };
      report({ domid, view, gfn, mfn, p2m_type: table.typeAt(gfn), at });
    };

    return { after: { share_nominate: nominated, set_entry: written, remap: written } };
  },
});
