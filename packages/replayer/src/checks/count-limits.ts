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
  private readonly width: number;
  private readonly typeWidth: number;

  constructor(scope: CheckScope) {
    this.scope = scope;
    const { pages, profile } = scope.state;
    this.types = new KnownTypes(pages, profile);
    this.width = scope.options.counterWidth ?? profile.countWidth;
    this.typeWidth = scope.options.counterWidth ?? profile.typeCountWidth;
  }

  readonly after = {
    get_page: (batch: ReplayBatch, row: number) => {
      if ((batch.columns.flags[row] & FLAG.failed) !== 0) return;
      const { pages } = this.scope.state;
      const slot = slotOf(pages, mfnOf(batch, row));
      if (slot !== 0 && knowsCount(pages, slot)) this.judge(batch, row, pages.count(slot), this.width, 2);
    },
    get_type: (batch: ReplayBatch, row: number) => {
      const slot = slotOf(this.scope.state.pages, mfnOf(batch, row));
      if (slot !== 0 && this.types.isKnown(slot)) this.judge(batch, row, this.types.count(slot), this.typeWidth, 1);
    },
  };

  /** Of the count after a get, which has gone up by one: it passes each value. */
  private judge(batch: ReplayBatch, row: number, count: number, width: number, reserved: number): void {
    const detail = count === 2 ** width - reserved ? 'limit' : count === 2 ** width ? 'wrap' : undefined;
    if (detail === undefined) return;
    const { seq } = this.scope.now;
    const at = detail === 'limit' ? [seq] : [-1, seq];
    this.scope.report({ breach: 'overflow', detail, mfn: mfnOf(batch, row), count, width, at });
  }
}
