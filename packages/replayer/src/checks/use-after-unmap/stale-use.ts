import type { ReplayBatch } from '../../batch/replay-batch.js';
import { mfnOf } from '../../batch/row-values.js';
import type { BreachName } from '../../facts/breach-names.js';
import type { Check } from '../check.js';
import type { CheckScope, MakeCheck } from '../check-scope.js';

/**
 * use-after-unmap.stale-translation and late-reference: a translation is used, or a reference taken on its frame, after
 * the entry changed, and nothing protected it from the lookup on without a gap.
 */
export const staleUse: MakeCheck = scope => new StaleUse(scope);

class StaleUse implements Check {
  private readonly scope: CheckScope;

  constructor(scope: CheckScope) {
    this.scope = scope;
  }

  readonly after = {
    page_use: (batch: ReplayBatch, row: number) => this.judge('stale-translation', batch, row),
    get_page: (batch: ReplayBatch, row: number) => this.judge('late-reference', batch, row),
  };

  private judge(breach: BreachName, batch: ReplayBatch, row: number): void {
    const { state, now, report } = this.scope;
    const stale = state.facts?.translations?.staleUse();
    if (stale === undefined) return;
    const { seq, since, changed, freed, direct, ...lookup } = stale;
    report({
      breach,
      // With another lookup in between, the use may belong to that one.
      confidence: direct ? 'proven' : 'likely',
      detail: freed ? 'page_free' : 'set_entry',
      mfn: mfnOf(batch, row),
      ...lookup,
      at: [seq, since, changed, now.seq],
    });
  }
}
