import { isValid } from '@p2mtrace/trace-format';
import { gfnOf } from '../../batch/row-values.js';
import { MAX_ENTRY_ORDER } from '../../state/p2m-set.js';
import type { MakeCheck } from '../check-scope.js';

/**
 * gfn-range.unaligned: a range that begins inside of a frame of its own order (mail 2, question 2). A
 * decrease_reservation is a guest's request, which Xen may cut into aligned pieces (XSA-388).
 */
export const unalignedRange: MakeCheck = ({ now, report }) => ({
  before: {
    put_gfn: (batch, row) => {
      const { columns: c, validity: v } = batch;
      const order = isValid(v.order, row) ? c.order[row] : 0;
      const gfn = gfnOf(batch, row);
      if (order === 0 || order > MAX_ENTRY_ORDER || gfn % 2 ** order === 0) return;
      report({ breach: 'unaligned', domid: c.domid[row], view: c.view[row], gfn, order, at: [now.seq] });
    },
  },
});
