import { mfnOf } from '../../batch/row-values.js';
import { defineCheck } from '../check.js';
import { staleUse } from './stale-use.js';

/** A reference is taken on the frame of a lookup after the entry changed, and nothing protected it without a gap. */
export const lateReference = defineCheck({
  rule: 'use-after-unmap.late-reference',
  needs: ['translations'],
  make: ({ translations, now, report, opportunities }) => {
    const gets = opportunities('get');
    return {
      after: {
        get_page: (batch, row) => {
          if (translations.lookupSeq(mfnOf(batch, row)) >= 0) gets.countAt(-1);
          const stale = translations.staleUse();
          if (stale !== undefined) report(staleUse(stale, now.seq, batch, row));
        },
      },
    };
  },
});
