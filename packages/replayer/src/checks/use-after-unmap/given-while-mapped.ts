import { DOMID_FIRST_RESERVED, isValid } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { mfnOf } from '../../batch/row-values.js';
import { defineCheck } from '../check.js';
import { forEachFrame } from '../frames.js';
import { formerOwner } from '../known-pages.js';
import { isRam } from '../p2m-types.js';

/**
 * A frame goes to another domain while an entry of its former owner maps it. Whether anybody uses that p2m again, the
 * rule knows.
 */
export const givenWhileMapped = defineCheck({
  rule: 'use-after-unmap.given-while-mapped',
  make: ({ state, p2ms, now, mayBeRemoved, report, opportunities }) => {
    const gifts = opportunities('give');
    /** `former`: the owner before, -1 where it is whoever maps the frame. */
    const judge = (mfn: number, owner: number, former: number) => {
      if (owner >= DOMID_FIRST_RESERVED) return;
      gifts.count();
      for (const { p2m, gfn } of p2ms.reverse.someMappings(mfn)) {
        const table = p2ms.tables[p2m];
        if (table.domid === owner || (former >= 0 && table.domid !== former)) continue;
        if (!table.find(gfn) || !isRam(table.typeAt(gfn))) continue;
        const { domid, view } = table;
        const at = { mapped: table.foundSeq, given: now.seq };
        const confidence = mayBeRemoved({ domid, view, gfn, mfn }) ? 'possible' : 'proven';
        report({ confidence, mfn, domid, view, gfn, p2m_type: table.typeAt(gfn), owner, at });
      }
    };

    const allocated = (mfn: number, { columns }: ReplayBatch, row: number) => {
      // A frame of the heap was whose entry maps it as its own.
      if (p2ms.reverse.isMapped(mfn)) judge(mfn, columns.owner[row], -1);
      else if (columns.owner[row] < DOMID_FIRST_RESERVED) gifts.count();
    };

    return {
      before: {
        owner_set: (batch, row) => {
          const old = formerOwner(state.pages, batch, row);
          if (isValid(batch.validity.owner, row) && old >= 0) judge(mfnOf(batch, row), batch.columns.owner[row], old);
        },
        page_alloc: (batch, row) => {
          if (isValid(batch.validity.owner, row)) forEachFrame(batch, row, allocated);
        },
      },
    };
  },
});
