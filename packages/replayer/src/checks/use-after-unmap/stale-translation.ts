import { mfnOf } from '../../batch/row-values.js';
import { defineCheck } from '../check.js';
import { staleUse } from './stale-use.js';

/** A translation is used after its entry changed, and nothing protected it from the lookup on without a gap. */
export const staleTranslation = defineCheck({
  rule: 'use-after-unmap.stale-translation',
  needs: ['translations'],
  make: ({ translations, now, report, opportunities }) => {
    const uses = opportunities('use');
    return {
      after: {
        page_use: (batch, row) => {
          if (translations.lookupSeq(mfnOf(batch, row)) >= 0) uses.countAt(-1);
          const stale = translations.staleUse();
          if (stale !== undefined) report(staleUse(stale, now.seq, batch, row));
        },
      },
    };
  },
});
