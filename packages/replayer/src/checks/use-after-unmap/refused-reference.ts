import type { Handler } from '../../batch/handlers.js';
import { mfnOf } from '../../batch/row-values.js';
import { defineCheck } from '../check.js';
import { staleUse } from './stale-use.js';

/** get_page fails on the frame of a lookup after the entry changed: Xen itself notices that the lookup was too old. */
export const refusedReference = defineCheck({
  rule: 'use-after-unmap.refused-reference',
  needs: ['translations'],
  make: ({ translations, now, head, report, opportunities }) => {
    const gets = opportunities('get');
    const { tscHz = Number.NaN } = head.metadata;
    const look: Handler = (batch, row) => {
      if (translations.lookupSeq(mfnOf(batch, row)) >= 0) gets.countAt(-1);
      const stale = translations.refusedGet();
      if (stale === undefined) return;
      const microseconds = Math.round((translations.ticksSince(stale) * 1e6) / tscHz);
      report({ ...staleUse(stale, now.seq, batch, row), count: microseconds });
    };
    return { after: { get_page: look, get_page_failed: look } };
  },
});
