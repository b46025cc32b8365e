import { gfnOf, hasFailed, mfnOf } from '../../batch/row-values.js';
import { MAX_FRAME } from '../../memory/frame-table.js';
import { HOST } from '../../state/p2m-set.js';
import { defineCheck } from '../check.js';
import { RAM_SHARED } from '../p2m-types.js';

/** A gfn is unshared whose host entry is known not to be shared. */
export const unshareNotShared = defineCheck({
  rule: 'altp2m-sharing.unshare-not-shared',
  make: ({ state, p2ms, now, report, opportunities }) => {
    const unshares = opportunities('unshare');
    return {
      before: {
        unshare: (batch, row) => {
          const gfn = gfnOf(batch, row);
          const mfn = mfnOf(batch, row);
          const domid = batch.columns.domid[row];
          if (hasFailed(batch, row) || gfn >= MAX_FRAME || mfn >= MAX_FRAME) return;
          const host = p2ms.find(domid, HOST);
          if (!host?.find(gfn)) return;
          unshares.count();
          if (host.typeAt(gfn) === RAM_SHARED) return;
          // It was shared until a write that belongs to the event, and is recorded before it.
          if (state.sharing.rmaps.find(mfn, domid, gfn) !== 0) return;
          const at = { entry: host.foundSeq, unshare: now.seq };
          report({ domid, gfn, mfn, p2m_type: host.typeAt(gfn), at });
        },
      },
    };
  },
});
