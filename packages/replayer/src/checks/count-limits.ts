import { FLAG } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../replay-batch.js';
import { mfnOf } from '../row-values.js';
import type { Check, CheckScope, MakeCheck } from './check.js';
import { knowsCount, slotOf } from './known-pages.js';
import { KnownTypes } from './known-types.js';

/**
 * refcount.overflow: a count reaches where get_page or get_page_type refuse to go on (X§4.3; mail 4): of the general
 * count the last two values are reserved, of the type count the last one.
 */
export const countLimits: MakeCheck = scope => new CountLimits(scope);

class CountLimits implements Check {
  private readonly scope: CheckScope;
  private readonly types: KnownTypes;
  private readonly general: Limit;
  private readonly type: Limit;

  constructor(scope: CheckScope) {
    this.scope = scope;
    const { pages, profile } = scope.state;
    this.types = new KnownTypes(pages, profile);
    const { counterWidth } = scope.options;
    this.general = limitOf(counterWidth ?? profile.countWidth, 2);
    this.type = limitOf(counterWidth ?? profile.typeCountWidth, 1);
  }

  readonly after = {
    get_page: (batch: ReplayBatch, row: number) => {
      if ((batch.columns.flags[row] & FLAG.failed) !== 0) return;
      const { pages } = this.scope.state;
      const slot = slotOf(pages, mfnOf(batch, row));
      if (slot !== 0 && knowsCount(pages, slot)) this.judge(batch, row, pages.count(slot), this.general);
    },
    get_type: (batch: ReplayBatch, row: number) => {
      const slot = slotOf(this.scope.state.pages, mfnOf(batch, row));
      if (slot !== 0 && this.types.isKnown(slot)) this.judge(batch, row, this.types.count(slot), this.type);
    },
  };

  /** Of the count after a get, which has gone up by one: it passes each value. */
  private judge(batch: ReplayBatch, row: number, count: number, { width, last, wraps }: Limit): void {
    if (count !== last && count !== wraps) return;
    const { seq } = this.scope.now;
    const detail = count === last ? 'limit' : 'wrap';
    const at = count === last ? [seq] : [-1, seq];
    this.scope.report({ breach: 'overflow', detail, mfn: mfnOf(batch, row), count, width, at });
  }
}

/** Counts of that many bits: the last one that a get may make, and the one that is 0 again. */
interface Limit {
  readonly width: number;
  readonly last: number;
  readonly wraps: number;
}
const limitOf = (width: number, reserved: number): Limit => {
  return { width, last: 2 ** width - reserved, wraps: 2 ** width };
};
