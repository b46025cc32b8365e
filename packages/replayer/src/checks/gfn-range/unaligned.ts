import { isValid } from '@p2mtrace/trace-format';
import { gfnOf } from '../../batch/row-values.js';
import { offsetIn } from '../../memory/order.js';
import { MAX_ENTRY_ORDER } from '../../state/p2m-set.js';
import { defineCheck } from '../check.js';

/**
 * A range begins inside of a frame of its own order. A decrease_reservation is a guest's request, which Xen may cut into
 * aligned pieces (XSA-388).
 */
export const unaligned = defineCheck({
  rule: 'gfn-range.unaligned',
  make: ({ now, report, opportunities }) => {
    const ranges = opportunities('get');
    return {
      before: {
        put_gfn: (batch, row) => {
          const { columns: c, validity: v } = batch;
          const order = isValid(v.order, row) ? c.order[row] : 0;
          if (order === 0 || order > MAX_ENTRY_ORDER) return;
          const gfn = gfnOf(batch, row);
          ranges.count();
          if (offsetIn(gfn, order) === 0) return;
          report({ domid: c.domid[row], view: c.view[row], gfn, order, at: { unaligned: now.seq } });
        },
      },
    };
  },
});
