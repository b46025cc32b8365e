import { gfnOf, mfnOf } from '../../batch/row-values.js';
import { offsetIn } from '../../memory/order.js';
import { defineCheck } from '../check.js';
import { tookPlace } from '../entry-writes.js';

/** A write whose gfn or mfn is no multiple of 2^order. */
export const misalignedOrder = defineCheck({
  rule: 'consistency.misaligned-order',
  make: ({ now, report, opportunities }) => {
    const writes = opportunities('write');
    return {
      before: {
        set_entry: (batch, row) => {
          const { columns: c } = batch;
          const order = c.order[row];
          // What was attempted is recorded before Xen cuts it into aligned pieces.
          if (order === 0 || !tookPlace(batch, row)) return;
          writes.count();
          const gfn = gfnOf(batch, row);
          const mfn = mfnOf(batch, row);
          if (offsetIn(gfn, order) === 0 && (mfn < 0 || offsetIn(mfn, order) === 0)) return;
          const domid = c.domid[row];
          report({ domid, view: c.view[row], gfn, mfn, order, p2m_type: c.p2m_type[row], at: { set: now.seq } });
        },
      },
    };
  },
});
