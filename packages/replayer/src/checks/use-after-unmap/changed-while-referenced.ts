import type { ReplayBatch } from '../../batch/replay-batch.js';
import { gfnOf, mfnOf } from '../../batch/row-values.js';
import { MAX_FRAME } from '../../memory/frame-table.js';
import { alignDown, framesOf } from '../../memory/order.js';
import { MAX_ENTRY_ORDER } from '../../state/p2m-set.js';
import { defineCheck } from '../check.js';
import { tookPlace } from '../entry-writes.js';
import { references, slotOf } from '../known-pages.js';
import { typeSet } from '../p2m-types.js';

const isLogDirty = typeSet('ram_rw', 'ram_logdirty');

/**
 * An entry gets another frame or type while somebody else than the pcpu that changes it has references on the old frame;
 * log-dirty is the exception.
 */
export const changedWhileReferenced = defineCheck({
  rule: 'use-after-unmap.changed-while-referenced',
  policy: true,
  needs: ['refs'],
  make: ({ state: { pages }, p2ms, refs, now, report, opportunities }) => {
    const changes = opportunities('change');
    const judge = (domid: number, view: number, gfn: number, mfn: number) => {
      const slot = slotOf(pages, mfn);
      if (slot !== 0) changes.count();
      const held = slot === 0 ? 0 : references(pages, slot);
      if (!(held > 0) || held <= refs.referencesOf(slot, now.pcpu)) return;
      const at = { referenced: refs.lastReferenceOfOthers(slot, now.pcpu), changed: now.seq };
      report({ confidence: 'possible', domid, view, gfn, mfn, count: pages.count(slot), at });
    };

    const write = (batch: ReplayBatch, row: number) => {
      const { columns: c } = batch;
      const order = c.order[row];
      const gfn = gfnOf(batch, row);
      if (gfn >= MAX_FRAME || order > MAX_ENTRY_ORDER || !tookPlace(batch, row)) return;
      const newMfn = mfnOf(batch, row);
      const table = p2ms.find(c.domid[row], c.view[row]);
      const start = alignDown(gfn, order);
      table?.forEachOverlap(start, order, leafGfn => {
        const first = Math.max(start, leafGfn);
        const mfn = table.foundMfn(first);
        const type = table.typeAt(first);
        const isSameType = type === c.p2m_type[row] || (isLogDirty(type) && isLogDirty(c.p2m_type[row]));
        if (mfn < 0 || (newMfn >= 0 && mfn - first === newMfn - start && isSameType)) return;
        const frames = framesOf(Math.min(order, table.foundOrder));
        for (let i = 0; i < frames; i++) judge(c.domid[row], c.view[row], first + i, mfn + i);
      });
    };

    return { before: { set_entry: write } };
  },
});
