import { isValid } from '@p2mtrace/trace-format';
import { gfnOf, mfnOf } from '../../batch/row-values.js';
import { MAX_FRAME } from '../../memory/frame-table.js';
import type { MakeCheck } from '../check-scope.js';
import { overridesOf } from './linux-frames.js';

/** m2p-override.frontend-lookup: mfn_to_pfn of an overridden mfn gives a pfn that is none of the overrides' (mail 3). */
export const frontendLookup: MakeCheck = ({ now, state, records, report }) => ({
  before: records('m2p_override_add')
    ? {
        lookup: (batch, row) => {
          const { overrides } = state.linux;
          // With a type it is a lookup in a p2m of Xen's.
          if (overrides.size === 0 || isValid(batch.validity.p2m_type, row)) return;
          const gfn = gfnOf(batch, row);
          const mfn = mfnOf(batch, row);
          const domid = batch.columns.domid[row];
          if (gfn < 0 || mfn < 0 || gfn >= MAX_FRAME || mfn >= MAX_FRAME) return;
          const members = overridesOf(state.linux, domid, mfn);
          if (members.length === 0 || members.some(member => member.gfn === gfn)) return;
          report({ breach: 'frontend-lookup', domid, gfn, mfn, at: [members[0].seq, now.seq] });
        },
      }
    : {},
});
