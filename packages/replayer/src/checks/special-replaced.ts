import { FLAG } from '@p2mtrace/trace-format';
import { MAX_FRAME } from '../frame-table.js';
import { MAX_ENTRY_ORDER } from '../p2m-set.js';
import { gfnOf, hasFailed } from '../row-values.js';
import type { MakeCheck } from './check.js';
import { isRam, isSpecial } from './p2m-types.js';

/** consistency.special-replaced: a ram entry is written over a grant, foreign or mmio_direct one (X§3.1; XSA-378). */
export const specialReplaced: MakeCheck = ({ now, p2ms, report }) => ({
  before: {
    set_entry: (batch, row) => {
      const { columns: c } = batch;
      const [type, order, gfn] = [c.p2m_type[row], c.order[row], gfnOf(batch, row)];
      // What is only attempted may be refused.
      if (!isRam(type) || hasFailed(batch, row) || (c.flags[row] & FLAG.attempt) !== 0) return;
      if (gfn >= MAX_FRAME || order > MAX_ENTRY_ORDER) return;
      const table = p2ms.find(c.domid[row], c.view[row]);
      let reported = false;
      table?.forEachOverlap(gfn - (gfn % 2 ** order), order, leafGfn => {
        const at = Math.max(leafGfn, gfn - (gfn % 2 ** order));
        const old = table.typeAt(at);
        if (reported || !isSpecial(old)) return;
        reported = true;
        const { domid, view, foundSeq } = table;
        const breach = 'special-replaced';
        report({ breach, domid, view, gfn: at, order, p2m_type: type, old_type: old, at: [foundSeq, now.seq] });
      });
    },
  },
});
