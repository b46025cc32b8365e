import { isValid } from '@p2mtrace/trace-format';
import { gfnOf, mfnOf } from '../../batch/row-values.js';
import { MAX_FRAME } from '../../memory/frame-table.js';
import { defineCheck } from '../check.js';
import { overridesOf } from './linux-frames.js';

/** mfn_to_pfn of an overridden mfn gives a pfn that is none of the overrides'. */
export const frontendLookup = defineCheck({
  rule: 'm2p-override.frontend-lookup',
  ifRecorded: ['m2p_override_add'],
  make: ({ state: { linux }, now, report, opportunities }) => {
    const lookups = opportunities('lookup');
    return {
      before: {
        lookup: (batch, row) => {
          // With a type it is a lookup in a p2m of Xen's.
          if (linux.overrides.size === 0 || isValid(batch.validity.p2m_type, row)) return;
          const gfn = gfnOf(batch, row);
          const mfn = mfnOf(batch, row);
          const domid = batch.columns.domid[row];
          if (gfn < 0 || mfn < 0 || gfn >= MAX_FRAME || mfn >= MAX_FRAME) return;
          const members = overridesOf(linux, domid, mfn);
          if (members.length === 0) return;
          lookups.count();
          if (members.some(member => member.gfn === gfn)) return;
          report({ domid, gfn, mfn, at: { override: members[0].seq, lookup: now.seq } });
        },
      },
    };
  },
});
