import { isValid } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { arg0Of, mfnOf } from '../../batch/row-values.js';
import { MAX_FRAME } from '../../memory/frame-table.js';
import { framesOf } from '../../memory/order.js';
import { MAX_PAGE_ORDER } from '../../tables/page-table.js';
import type { Check } from '../check.js';
import type { CheckScope, MakeCheck } from '../check-scope.js';
import { FIRST_RESERVED_DOMID, isFree, knowsCount, ownerOf, slotOf } from '../known-pages.js';
import { KnownTypes } from '../known-types.js';

const PAGE_TABLES = new Set(['l1', 'l2', 'l3', 'l4']);

/**
 * refcount.freed-with-references: a page is freed with a count above 0. refcount.freed-with-type: it is freed, or given to
 * another domain, with a type that somebody still relies on (X§4.3).
 */
export const freedInUse: MakeCheck = scope => new FreedInUse(scope);

class FreedInUse implements Check {
  private readonly scope: CheckScope;
  private readonly types: KnownTypes;

  constructor(scope: CheckScope) {
    this.scope = scope;
    this.types = new KnownTypes(scope.state.pages, scope.state.profile);
  }

  readonly before = {
    page_free: (batch: ReplayBatch, row: number) => this.free(batch, row),
    owner_set: (batch: ReplayBatch, row: number) => this.give(batch, row),
  };

  private free(batch: ReplayBatch, row: number): void {
    const first = mfnOf(batch, row);
    const order = batch.columns.order[row];
    if (first >= MAX_FRAME || order > MAX_PAGE_ORDER) return;
    const { state, now, report } = this.scope;
    const { pages } = state;
    const end = first + framesOf(order);
    for (let mfn = first; mfn < end; mfn++) {
      const slot = slotOf(pages, mfn);
      if (slot === 0 || isFree(pages, slot)) continue;
      const count = knowsCount(pages, slot) ? pages.count(slot) : 0;
      const owner = ownerOf(pages, slot);
      if (count > 0)
        report({ breach: 'freed-with-references', mfn, owner, count, at: [pages.countSeq[slot], now.seq] });
      this.judgeType(mfn, slot, false);
    }
  }

  private give(batch: ReplayBatch, row: number): void {
    const { columns: c, validity: v } = batch;
    const mfn = mfnOf(batch, row);
    const slot = slotOf(this.scope.state.pages, mfn);
    if (slot === 0 || !isValid(v.owner, row) || c.owner[row] >= FIRST_RESERVED_DOMID) return;
    const recorded = arg0Of(batch, row);
    const old = Number.isNaN(recorded) ? ownerOf(this.scope.state.pages, slot) : recorded;
    if (old >= 0 && old < FIRST_RESERVED_DOMID && old !== c.owner[row]) this.judgeType(mfn, slot, true);
  }

  private judgeType(mfn: number, slot: number, given: boolean): void {
    const { types } = this;
    const { state, now, report } = this.scope;
    if (!types.isKnown(slot) || types.mayBeXenHeap(slot) || this.scope.relinquished.has(mfn)) return;
    const name = types.name(slot) ?? '';
    // Whether a writable page is validated does not matter; of what is looked at once, it does.
    const isStale = types.isValidated(slot) && (PAGE_TABLES.has(name) || (given && name === 'seg_desc'));
    if (types.count(slot) === 0 && !isStale) return;
    const { pages } = state;
    report({
      breach: 'freed-with-type',
      detail: given ? 'given' : 'freed',
      // What relinquish_memory does to a partial page no event tells; this one does not look like it.
      confidence: types.isPartial(slot) ? 'likely' : 'proven',
      mfn,
      owner: ownerOf(pages, slot),
      count: types.count(slot),
      at: [pages.typeSeq[slot], given ? -1 : now.seq, given ? now.seq : -1],
    });
  }
}
