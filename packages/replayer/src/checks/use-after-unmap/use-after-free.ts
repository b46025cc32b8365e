import { DOMID_FIRST_RESERVED, isValid } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { domidOf, mfnOf, ownerOf } from '../../batch/row-values.js';
import { isUse } from '../../facts/translation-facts.js';
import { FrameRecords } from '../../memory/frame-records.js';
import { MAX_FRAME } from '../../memory/frame-table.js';
import { framesOf } from '../../memory/order.js';
import { MAX_ENTRY_ORDER } from '../../state/p2m-set.js';
import type { Witnesses } from '../breach-facts.js';
import { defineCheck } from '../check.js';
import { tookPlace } from '../entry-writes.js';
import { forEachFrame } from '../frames.js';
import { isFree, slotOf } from '../known-pages.js';

/** Of a frame that was freed: when, and which pcpu allocated it anew. */
const FREED_SEQ = 0;
const ALLOC_PCPU = 1;
/** Domids that there are. */
const DOMIDS = 2 ** 16;

/**
 * A frame is used, or mapped, while it is free; or it is used by a pcpu that knows it from before it was freed and
 * allocated anew.
 */
export const useAfterFree = defineCheck({
  rule: 'use-after-unmap.use-after-free',
  needs: ['refs', 'translations'],
  ifRecorded: ['page_free'],
  make: ({ state: { pages }, head, refs, translations, now, records, report, opportunities }) => {
    const uses = opportunities('use');
    const maps = opportunities('map');
    const freed = new FrameRecords(2);
    /** By domid: 1 where the trace has shown it to own a page. */
    const owns = new Uint8Array(DOMIDS);
    const isControl = new Set(head.metadata.controlDomains);

    const noteOwner = (batch: ReplayBatch, row: number) => {
      if (isValid(batch.validity.owner, row)) owns[ownerOf(batch, row)] = 1;
    };

    const free = (mfn: number) => {
      const at = freed.make(mfn);
      freed.data[at + FREED_SEQ] = now.seq;
    };

    const allocated = (mfn: number) => {
      const at = freed.find(mfn);
      if (at >= 0) freed.data[at + ALLOC_PCPU] = now.pcpu;
    };

    /** A control domain whose allocations nobody records has pages that seem to be free. */
    const isRecorded = (domid: number) => domid < 0 || owns[domid] === 1 || !isControl.has(domid);

    const map = (batch: ReplayBatch, row: number) => {
      const { columns: c } = batch;
      const first = mfnOf(batch, row);
      const order = c.order[row];
      if (first < 0 || first >= MAX_FRAME || order > MAX_ENTRY_ORDER || !tookPlace(batch, row)) return;
      if (!isRecorded(c.domid[row])) return;
      const end = first + framesOf(order);
      for (let mfn = first; mfn < end; mfn++) {
        const slot = slotOf(pages, mfn);
        if (slot === 0) continue;
        maps.count();
        if (isFree(pages, slot)) tell('map', mfn, c.domid[row], { freed: pages.lifeSeq[slot] });
      }
    };

    const use = (batch: ReplayBatch, row: number) => {
      const mfn = mfnOf(batch, row);
      const domid = domidOf(batch, row);
      const slot = slotOf(pages, mfn);
      if (slot === 0 || !isUse(batch.columns.flags[row]) || !isRecorded(domid)) return;
      // The idle vcpu scrubs free pages, for the allocator.
      if (isFree(pages, slot) && domid >= DOMID_FIRST_RESERVED) return;
      uses.count();
      const lookup = translations.lookupSeq(mfn);
      if (isFree(pages, slot)) {
        tell('use', mfn, domid, { lookup, freed: pages.lifeSeq[slot] });
        return;
      }
      const at = freed.find(mfn);
      if (at < 0) return;
      const freedSeq = freed.data[at + FREED_SEQ];
      const reallocated = pages.lifeSeq[slot];
      const allocatedHere = freed.data[at + ALLOC_PCPU] === now.pcpu;
      if (!(lookup < freedSeq && freedSeq < reallocated) || allocatedHere) return;
      if (refs.referencesOf(slot, now.pcpu) === 0) tell('use', mfn, domid, { lookup, freed: freedSeq, reallocated });
    };

    const tell = (
      mechanism: 'use' | 'map',
      mfn: number,
      domid: number,
      at: Witnesses<'use-after-unmap.use-after-free'>,
    ) => report({ mechanism, mfn, domid, at: { ...at, used: now.seq } });

    const usesRecorded = records('page_use');
    return {
      before: {
        set_entry: map,
        owner_set: noteOwner,
        ...(usesRecorded ? { page_use: use, page_free: (batch, row) => forEachFrame(batch, row, free) } : {}),
      },
      after: {
        page_alloc: (batch, row) => {
          noteOwner(batch, row);
          if (freed.size > 0) forEachFrame(batch, row, allocated);
        },
      },
      forget: () => freed.clear(),
    };
  },
});
