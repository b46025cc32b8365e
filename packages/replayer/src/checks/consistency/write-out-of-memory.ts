import { isValid } from '@p2mtrace/trace-format';
import { gfnOf, mfnOf } from '../../batch/row-values.js';
import { defineCheck } from '../check.js';
import { tookPlace } from '../entry-writes.js';

const ENOMEM = 12;

/** A set_entry fails because no page is left for a table of the p2m. */
export const writeOutOfMemory = defineCheck({
  rule: 'consistency.write-out-of-memory',
  make: ({ now, report, opportunities }) => {
    const writes = opportunities('write');
    return {
      before: {
        set_entry: (batch, row) => {
          const { columns: c, validity: v } = batch;
          const isOutOfMemory = isValid(v.rc, row) && c.rc[row] === -ENOMEM;
          if (isOutOfMemory || tookPlace(batch, row)) writes.count();
          if (!isOutOfMemory) return;
          const [domid, view, order] = [c.domid[row], c.view[row], c.order[row]];
          const at = { failed: now.seq };
          report({ domid, view, gfn: gfnOf(batch, row), mfn: mfnOf(batch, row), order, p2m_type: c.p2m_type[row], at });
        },
      },
    };
  },
});
