import { mfnOf } from '../../batch/row-values.js';
import { FrameRecords } from '../../memory/frame-records.js';
import { defineCheck } from '../check.js';
import { isAllocated, knowsCount, slotOf } from '../known-pages.js';

/** Of a frame: its last drop, and the generation that it was of. */
const DROPPED_SEQ = 0;
const GENERATION = 1;

/**
 * The allocation's reference is dropped though PGC_allocated is clear. Xen tests and clears that flag in one step, so
 * that whoever comes second drops nothing (put_page_alloc_ref in xen/arch/x86/include/asm/mm.h).
 */
export const doubleAllocDrop = defineCheck({
  rule: 'refcount.double-alloc-drop',
  make: ({ state: { pages }, now, report, opportunities }) => {
    const counted = opportunities('drop');
    const drops = new FrameRecords(2);
    return {
      before: {
        alloc_ref_drop: (batch, row) => {
          const mfn = mfnOf(batch, row);
          const slot = slotOf(pages, mfn);
          if (slot === 0) return;
          const generation = pages.generation[slot];
          if (knowsCount(pages, slot)) counted.count();
          if (knowsCount(pages, slot) && !isAllocated(pages, slot)) {
            const before = drops.find(mfn);
            const isSame = before >= 0 && drops.data[before + GENERATION] === generation;
            const dropped = isSame ? drops.data[before + DROPPED_SEQ] : Number.NaN;
            report({ mfn, generation, at: { dropped, dropped_again: now.seq } });
          }
          const at = drops.make(mfn);
          drops.data[at + DROPPED_SEQ] = now.seq;
          drops.data[at + GENERATION] = generation;
        },
      },
      forget: () => drops.clear(),
    };
  },
});
