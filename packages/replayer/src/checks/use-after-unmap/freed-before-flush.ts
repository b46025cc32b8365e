import { allocatorFlushes, DOMID_FIRST_RESERVED, isValid } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { mfnOf, ownerOf as ownerOfRow } from '../../batch/row-values.js';
import { domidOfKey, p2mKey, viewOfKey } from '../../memory/keys.js';
import { holdsP2mLock } from '../../state/lock-state.js';
import { defineCheck } from '../check.js';
import { forEachFrame } from '../frames.js';
import { formerOwner, ownerOf, slotOf } from '../known-pages.js';
import { PendingRemovals } from './pending-removals.js';

/**
 * A frame gets another use after its entry went and before the TLB flush that was put off: it is freed where the
 * allocator does not make up for the flush, or goes elsewhere without passing the allocator.
 */
export const freedBeforeFlush = defineCheck({
  rule: 'use-after-unmap.freed-before-flush',
  ifRecorded: ['tlb_flush_deferred'],
  make: ({ state, p2ms, head, now, report, opportunities }) => {
    const counts = { freed: opportunities('free'), given: opportunities('give'), pooled: opportunities('pool') };
    const tables = opportunities('table');
    const mechanisms = { freed: 'free', given: 'give', pooled: 'pool' } as const;
    const { deferred } = state.tlb;
    const removals = new PendingRemovals(p2ms);
    const allocator = allocatorFlushes(head.metadata.xenVersion);

    const judge = (mfn: number, detail: keyof typeof mechanisms) => {
      if (!removals.wasRemoved(mfn)) return;
      counts[detail].count();
      const removal = removals.of(mfn);
      if (removal === undefined || !deferred.has(removal.key)) return;
      report({
        detail,
        mechanism: mechanisms[detail],
        // Where nobody knows whether the allocator flushes before the page is used again.
        confidence: detail === 'freed' && allocator === undefined ? 'likely' : 'proven',
        domid: domidOfKey(removal.key),
        view: viewOfKey(removal.key),
        gfn: removal.gfn,
        mfn,
        at: { deferred: deferred.get(removal.key), removed: removal.seq, [detail]: now.seq },
      });
    };

    /**
     * A page without an owner, which the allocator does not flush for (free_heap_pages), is freed by who has just
     * replaced small entries by a large one, under the p2m lock: it was their table, as far as anybody can tell.
     */
    const judgeTable = (mfn: number) => {
      tables.count();
      for (const [key, seq] of deferred) {
        const collapse = removals.collapseOf(key);
        if (collapse === undefined || collapse.pcpu !== now.pcpu) continue;
        report({
          detail: 'table',
          mechanism: 'table',
          confidence: 'likely',
          domid: domidOfKey(key),
          view: viewOfKey(key),
          gfn: collapse.gfn,
          mfn,
          at: { deferred: seq, removed: collapse.seq, freed: now.seq },
        });
      }
    };

    const freed = (mfn: number, batch: ReplayBatch, row: number) => {
      const isUnowned = ownerOfRow(batch, row) < 0 && ownerOf(state.pages, slotOf(state.pages, mfn)) < 0;
      if (isUnowned && deferred.size > 0 && !removals.wasRemoved(mfn) && holdsP2mLock(state.locks, now.pcpu)) {
        judgeTable(mfn);
      }
      if (allocator !== true) judge(mfn, 'freed');
      removals.remove(mfn);
    };
    const allocated = (mfn: number) => removals.remove(mfn);
    const pooled = (mfn: number) => judge(mfn, 'pooled');

    return {
      before: {
        set_entry: (batch, row) => removals.write(batch, row, now.seq, now.pcpu),
        tlb_flush: ({ columns: c }, row) => removals.flush(p2mKey(c.domid[row], c.view[row]), now.seq),
        page_free: (batch, row) => forEachFrame(batch, row, freed),
        page_alloc: (batch, row) => forEachFrame(batch, row, allocated),
        pod_cache_add: (batch, row) => forEachFrame(batch, row, pooled),
        owner_set: (batch, row) => {
          const { columns: c, validity: v } = batch;
          const old = formerOwner(state.pages, batch, row);
          if (!isValid(v.owner, row) || c.owner[row] >= DOMID_FIRST_RESERVED || old === c.owner[row]) return;
          judge(mfnOf(batch, row), 'given');
        },
      },
      forget: () => removals.clear(),
      forgetDomain: domid => removals.forgetDomain(domid),
    };
  },
});
