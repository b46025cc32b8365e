import { defineCheck } from '../check.js';
import { staleUse } from './stale-use.js';

/** A reference is taken on the frame of a lookup after the entry changed, and nothing protected it without a gap. */
export const lateReference = defineCheck({
  rule: 'use-after-unmap.late-reference',
  needs: ['translations'],
  make: ({ translations, now, report }) => ({
    after: {
      get_page: (batch, row) => {
        const stale = translations.staleUse();
        if (stale !== undefined) report(staleUse(stale, now.seq, batch, row));
      },
    },
  }),
});
