import { FLAG } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { mfnOf } from '../../batch/row-values.js';
import { isUse } from '../../facts/translation-facts.js';
import type { Check } from '../check.js';
import type { CheckScope, MakeCheck } from '../check-scope.js';

/** Lookups that are remembered to have been reported. */
const MOST = 1024;

/**
 * use-after-unmap.unprotected-window: a frame is used, or a reference taken, behind a lookup that nothing protects any
 * more. Its entry is as it was, this time.
 */
export const unprotectedWindow: MakeCheck = scope => new UnprotectedWindow(scope);

class UnprotectedWindow implements Check {
  private readonly scope: CheckScope;
  private readonly reported = new Set<number>();

  constructor(scope: CheckScope) {
    this.scope = scope;
  }

  readonly before = {
    get_page: (batch: ReplayBatch, row: number) => {
      if ((batch.columns.flags[row] & FLAG.failed) === 0) this.judge(batch, row, true);
    },
    page_use: (batch: ReplayBatch, row: number) => {
      if (isUse(batch.columns.flags[row])) this.judge(batch, row, false);
    },
  };

  private judge(batch: ReplayBatch, row: number, isGet: boolean): void {
    const mfn = mfnOf(batch, row);
    const { state, now, report } = this.scope;
    const unprotected = state.facts?.translations?.unprotected(mfn);
    if (unprotected === undefined || this.reported.has(unprotected.seq)) return;
    // A second reference after the lookup's own has been put is for another reason.
    if (isGet && unprotected.hadReference) return;
    if (this.reported.size === MOST) this.reported.clear();
    this.reported.add(unprotected.seq);
    const { domid, view, gfn, seq, since, caller } = unprotected;
    const at = [seq, since, now.seq];
    report({ breach: 'unprotected-window', confidence: 'possible', domid, view, gfn, mfn, caller, at });
  }

  readonly forget = (): void => this.reported.clear();
}
