import { domidOf, gfnOf, mfnOf } from '../../batch/row-values.js';
import type { BreachConfidence } from '../../facts/breach-table.js';
import { isUse } from '../../facts/translation-facts.js';
import { holdsP2mLock } from '../../state/lock-state.js';
import { defineCheck } from '../check.js';
import { isFree, references, slotOf } from '../known-pages.js';

/**
 * A frame is used through a gfn, whose entry maps another one by then, or none. Where the lookup is known too, it is the
 * lookup that is judged (stale-translation); a frame that is free is use-after-free.
 */
export const unmappedUse = defineCheck({
  rule: 'use-after-unmap.unmapped-use',
  needs: ['refs', 'translations'],
  make: ({ state: { pages, p2ms, locks }, refs, translations, now, records, report, opportunities }) => {
    const uses = opportunities('use');
    const refsRecorded = records('get_page');

    const confidenceOf = (slot: number): BreachConfidence => {
      const others = slot === 0 || !refsRecorded ? Number.NaN : references(pages, slot);
      // Under a p2m lock the pcpu itself may have changed the entry, and know what it does with the frame that was there.
      if (now.pcpu >= 0 && holdsP2mLock(locks, now.pcpu)) return 'possible';
      if (Number.isNaN(others)) return 'likely';
      // Whoever has it may have taken it for this use, before the entry changed.
      return others > 0 ? 'possible' : 'proven';
    };

    return {
      before: {
        page_use: (batch, row) => {
          const [domid, gfn, mfn] = [domidOf(batch, row), gfnOf(batch, row), mfnOf(batch, row)];
          if (domid < 0 || gfn < 0 || mfn < 0 || !isUse(batch.columns.flags[row])) return;
          const views = p2ms.filter(table => table.domid === domid && table.find(gfn));
          if (views.length === 0) return;
          uses.count();
          if (views.some(table => table.foundMfn(gfn) === mfn) || translations.lookupSeq(mfn) >= 0) return;
          const slot = slotOf(pages, mfn);
          if (slot !== 0 && (isFree(pages, slot) || refs.referencesOf(slot, now.pcpu) > 0)) return;
          const [{ view, foundSince }] = views;
          const at = { changed: foundSince, used: now.seq };
          report({ confidence: confidenceOf(slot), domid, view, gfn, mfn, pcpu: now.pcpu, at });
        },
      },
    };
  },
});
