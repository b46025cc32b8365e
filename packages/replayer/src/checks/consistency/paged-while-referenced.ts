import type { ReplayBatch } from '../../batch/replay-batch.js';
import { gfnOf } from '../../batch/row-values.js';
import { MAX_FRAME } from '../../memory/frame-table.js';
import { HOST } from '../../state/p2m-set.js';
import { defineCheck } from '../check.js';
import { tookPlace } from '../entry-writes.js';
import { typeSet } from '../p2m-types.js';
import { pagerReferences } from './pager-references.js';
import { PAGER_STEPS } from './paging-state.js';

/** Types by which the pager takes a page from its guest. */
const isTaken = typeSet('ram_paging_out', 'ram_paged');

/** The pager takes a page that others hold; what it does is told by the types of entries where nothing else tells. */
export const pagedWhileReferenced = defineCheck({
  rule: 'consistency.paged-while-referenced',
  needs: ['refs'],
  ifRecorded: ['get_page'],
  make: ({ state, p2ms, refs, now, earlierPuts, report, opportunities }) => {
    const takes = opportunities('take');
    const heldByOthers = pagerReferences({ state, refs, now, earlierPuts });
    /** Domains of which the trace has what the pager does: there consistency.paging-state tells. */
    const recorded = new Set<number>();
    const note = ({ columns }: ReplayBatch, row: number) => {
      recorded.add(columns.domid[row]);
    };
    return {
      before: {
        ...Object.fromEntries(PAGER_STEPS.map(kind => [kind, note])),
        set_entry: (batch, row) => {
          const { columns: c } = batch;
          if (!isTaken(c.p2m_type[row]) || c.view[row] !== HOST || c.order[row] !== 0) return;
          const gfn = gfnOf(batch, row);
          if (gfn >= MAX_FRAME || !tookPlace(batch, row)) return;
          const domid = c.domid[row];
          if (recorded.has(domid)) return;
          const table = p2ms.find(domid, HOST);
          if (!table?.find(gfn) || table.foundMfn(gfn) < 0) return;
          takes.count();
          const mfn = table.foundMfn(gfn);
          const held = heldByOthers(mfn);
          if (held === undefined) return;
          const { count, referenced, isLate } = held;
          // Those that were taken before the trace may be the pager's.
          const confidence = isLate ? 'possible' : referenced >= 0 ? 'proven' : 'likely';
          const [p2m_type, old_type] = [c.p2m_type[row], table.typeAt(gfn)];
          report({ confidence, domid, gfn, mfn, count, p2m_type, old_type, at: { referenced, taken: now.seq } });
        },
      },
      forgetDomain: domid => {
        recorded.delete(domid);
      },
    };
  },
});
