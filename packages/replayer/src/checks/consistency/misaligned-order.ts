import { FLAG } from '@p2mtrace/trace-format';
import { gfnOf, hasFailed, mfnOf } from '../../batch/row-values.js';
import type { MakeCheck } from '../check-scope.js';

/** consistency.misaligned-order: a write whose gfn or mfn is no multiple of 2^order (X§3.3). */
export const misalignedOrder: MakeCheck = ({ now, report }) => ({
  before: {
    set_entry: (batch, row) => {
      const { columns: c } = batch;
      const order = c.order[row];
      // What was attempted is recorded before Xen cuts it into aligned pieces.
      if (order === 0 || hasFailed(batch, row) || (c.flags[row] & FLAG.attempt) !== 0) return;
      const gfn = gfnOf(batch, row);
      const mfn = mfnOf(batch, row);
      if (gfn % 2 ** order === 0 && (mfn < 0 || mfn % 2 ** order === 0)) return;
      const [domid, view, type] = [c.domid[row], c.view[row], c.p2m_type[row]];
      report({ breach: 'misaligned-order', domid, view, gfn, mfn, order, p2m_type: type, at: [now.seq] });
    },
  },
});
