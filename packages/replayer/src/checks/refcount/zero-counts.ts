import { FLAG } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { mfnOf } from '../../batch/row-values.js';
import type { Check } from '../check.js';
import type { CheckScope, MakeCheck } from '../check-scope.js';
import { isFree, knowsCount, ownerOf, slotOf } from '../known-pages.js';
import { KnownTypes } from '../known-types.js';

/**
 * Pages without a general reference (X§4.3). refcount.get-on-free: somebody takes the first one, which get_page must
 * refuse. refcount.underflow: somebody drops one that is not there. refcount.type-without-general: a type reference is left.
 */
export const zeroCounts: MakeCheck = scope => new ZeroCounts(scope);

class ZeroCounts implements Check {
  private readonly scope: CheckScope;
  private readonly types: KnownTypes;
  /** Frames whose type reference was reported, until they are allocated anew. */
  private readonly reported = new Set<number>();

  constructor(scope: CheckScope) {
    this.scope = scope;
    const { pages, profile } = scope.state;
    this.types = new KnownTypes(pages, profile);
  }

  readonly after = {
    get_page: (batch: ReplayBatch, row: number) => this.get(batch, row),
    put_page: (batch: ReplayBatch, row: number) => this.put(batch, row),
    alloc_ref_drop: (batch: ReplayBatch, row: number) => this.put(batch, row),
    get_type: (batch: ReplayBatch, row: number) =>
      this.typed(slotOf(this.scope.state.pages, mfnOf(batch, row)), batch, row),
    page_alloc: ({ columns }: ReplayBatch, row: number) => {
      if (this.reported.size === 0) return;
      const first = columns.mfn[2 * row] + columns.mfn[2 * row + 1] * 0x1_0000_0000;
      for (const mfn of this.reported) {
        if (mfn >= first && mfn < first + 2 ** columns.order[row]) this.reported.delete(mfn);
      }
    },
  };

  private get(batch: ReplayBatch, row: number): void {
    if ((batch.columns.flags[row] & FLAG.failed) !== 0) return;
    const { pages } = this.scope.state;
    const mfn = mfnOf(batch, row);
    const slot = slotOf(pages, mfn);
    if (slot === 0) return;
    const free = isFree(pages, slot);
    if (free || (knowsCount(pages, slot) && pages.count(slot) === 1)) this.report('get-on-free', slot, mfn, free);
  }

  private put(batch: ReplayBatch, row: number): void {
    const { pages } = this.scope.state;
    const mfn = mfnOf(batch, row);
    const slot = slotOf(pages, mfn);
    if (slot === 0) return;
    const free = isFree(pages, slot);
    if (!knowsCount(pages, slot)) {
      if (free) this.report('underflow', slot, mfn, true);
      return;
    }
    // One below 0 wraps inside the count's own bits, as Xen's would.
    if (pages.count(slot) === 0) this.typed(slot, batch, row);
    else if (pages.countBits.isHighest(pages.countLow[slot], pages.countHigh[slot])) {
      this.report('underflow', slot, mfn, free);
    }
  }

  private report(breach: 'get-on-free' | 'underflow', slot: number, mfn: number, free: boolean): void {
    const { state, now } = this.scope;
    const { pages } = state;
    const columns = { mfn, generation: pages.generation[slot], owner: ownerOf(pages, slot) };
    this.scope.report({ breach, ...columns, at: [free ? pages.lifeSeq[slot] : -1, now.seq] });
  }

  /** The page has no general reference, or has got a type reference: it may have the one without the other. */
  private typed(slot: number, batch: ReplayBatch, row: number): void {
    const { types } = this;
    const { pages } = this.scope.state;
    if (slot === 0 || !types.isKnown(slot) || types.count(slot) === 0) return;
    if (!knowsCount(pages, slot) || pages.count(slot) > 0 || types.mayBeXenHeap(slot) || isFree(pages, slot)) return;
    const mfn = mfnOf(batch, row);
    if (this.reported.has(mfn) || this.scope.relinquished.has(mfn)) return;
    this.reported.add(mfn);
    this.scope.report({
      breach: 'type-without-general',
      // What relinquish_memory does to a partial page no event tells; this one does not look like it.
      confidence: types.isPartial(slot) ? 'likely' : 'proven',
      mfn,
      owner: ownerOf(pages, slot),
      count: types.count(slot),
      at: [pages.typeSeq[slot], pages.countSeq[slot]],
    });
  }

  readonly forget = (): void => this.reported.clear();
}
