import type { ReplayBatch } from '../../batch/replay-batch.js';
import { mfnOf } from '../../batch/row-values.js';
import { FrameRecords } from '../../memory/frame-records.js';
import type { Check } from '../check.js';
import type { CheckScope, MakeCheck } from '../check-scope.js';
import { isAllocated, knowsCount, slotOf } from '../known-pages.js';

/**
 * refcount.double-alloc-drop: the allocation's reference is dropped though PGC_allocated is clear. Xen tests and clears
 * that flag in one step, so that whoever comes second drops nothing (X§4.3).
 */
export const allocationReference: MakeCheck = scope => new AllocationReference(scope);

class AllocationReference implements Check {
  private readonly scope: CheckScope;
  /** seq of the last drop, and the generation that it was of. */
  private readonly drops = new FrameRecords(2);

  constructor(scope: CheckScope) {
    this.scope = scope;
  }

  readonly before = {
    alloc_ref_drop: (batch: ReplayBatch, row: number) => {
      const { state, now, report } = this.scope;
      const { pages } = state;
      const mfn = mfnOf(batch, row);
      const slot = slotOf(pages, mfn);
      if (slot === 0) return;
      const generation = pages.generation[slot];
      if (knowsCount(pages, slot) && !isAllocated(pages, slot)) {
        const at = this.drops.find(mfn);
        const isSame = at >= 0 && this.drops.data[at + 1] === generation;
        const dropped = isSame ? this.drops.data[at] : Number.NaN;
        report({ breach: 'double-alloc-drop', mfn, generation, at: [dropped, now.seq] });
      }
      const at = this.drops.make(mfn);
      this.drops.data[at] = now.seq;
      this.drops.data[at + 1] = generation;
    },
  };

  readonly forget = (): void => this.drops.clear();
}
