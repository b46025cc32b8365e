import { FLAG } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { mfnOf } from '../../batch/row-values.js';
import { isUse } from '../../facts/translation-facts.js';
import { defineCheck } from '../check.js';

/** Lookups that are remembered to have been reported. */
const MOST = 1024;

/** A frame is used, or a reference taken, after a lookup that nothing protects any more. Its entry is as it was, this time. */
export const unprotectedWindow = defineCheck({
  rule: 'use-after-unmap.unprotected-window',
  needs: ['translations'],
  make: ({ translations, now, report, opportunities }) => {
    const gets = opportunities('get');
    const uses = opportunities('use');
    const reported = new Set<number>();

    const judge = (batch: ReplayBatch, row: number, isGet: boolean) => {
      const mfn = mfnOf(batch, row);
      if (translations.lookupSeq(mfn) >= 0) (isGet ? gets : uses).countAt(-1);
      const lookup = translations.unprotected(mfn);
      if (lookup === 0 || reported.has(translations.seqOf(lookup))) return;
      // A second reference after the lookup's own has been put is for another reason.
      if (isGet && translations.hadReference(lookup)) return;
      if (reported.size === MOST) reported.clear();
      const { seq, since, ...columns } = translations.bareLookup(lookup);
      reported.add(seq);
      const at = { lookup: seq, unprotected: since, used: now.seq };
      report({ confidence: 'possible', mechanism: isGet ? 'get' : 'use', ...columns, mfn, at });
    };

    return {
      before: {
        get_page: (batch, row) => {
          if ((batch.columns.flags[row] & FLAG.failed) === 0) judge(batch, row, true);
        },
        page_use: (batch, row) => {
          if (isUse(batch.columns.flags[row])) judge(batch, row, false);
        },
      },
      forget: () => reported.clear(),
    };
  },
});
