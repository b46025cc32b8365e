import { FLAG } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { gfnOf, hasFailed, mfnOf, signedArg1Of } from '../../batch/row-values.js';
import { MAX_FRAME } from '../../memory/frame-table.js';
import { alignDown, framesOf } from '../../memory/order.js';
import { HOST, MAX_ENTRY_ORDER } from '../../state/p2m-set.js';
import type { P2mTable } from '../../tables/p2m-table.js';
import { defineCheck } from '../check.js';
import { isRam, POPULATE_ON_DEMAND } from '../p2m-types.js';
import { ExpectedEntries } from './expected-entries.js';

/**
 * entry_count as recorded with a move of a cache page is not the one recorded before, plus and minus what was reclaimed,
 * populated and written since.
 */
export const podEntryCount = defineCheck({
  rule: 'consistency.pod-entry-count',
  ifRecorded: ['pod_cache_add', 'pod_cache_get'],
  make: ({ p2ms, now, site, records, report, opportunities }) => {
    const moves = opportunities('move');
    // Entries that become or cease to be PoD change entry_count too: without them nothing follows from it.
    if (!records('set_entry')) return {};
    const hasAdds = records('pod_cache_add');
    const hasLocks = records('lock_acquire');
    const domains = new Map<number, ExpectedEntries>();

    /** Of the write at hand: its range, and what is known of the frames that it replaces. */
    let table: P2mTable | undefined;
    let first = 0;
    let writeOrder = 0;
    let seen = 0;
    let wasPod = 0;
    let wasRam = 0;
    /** The table has found a leaf of it. */
    const addReplaced = (leaf: number) => {
      if (table === undefined) return;
      const frames = framesOf(Math.min(writeOrder, table.foundOrder));
      const type = table.typeAt(Math.max(first, leaf));
      seen += frames;
      if (type === POPULATE_ON_DEMAND) wasPod += frames;
      else if (isRam(type)) wasRam += frames;
    };

    const expectedOf = (domid: number) => {
      let known = domains.get(domid);
      if (known === undefined) {
        known = new ExpectedEntries();
        domains.set(domid, known);
      }
      return known;
    };

    const compare = (batch: ReplayBatch, row: number, isAdd: boolean) => {
      const recorded = signedArg1Of(batch, row);
      if (Number.isNaN(recorded)) return;
      const domid = batch.columns.domid[row];
      const known = expectedOf(domid);
      if (!Number.isNaN(known.count)) {
        const { seq, gfn, mfn, caller } = known.mover;
        const where = seq >= 0 ? caller : site();
        moves.countAt(where);
        if (!known.fits(recorded)) {
          report({
            confidence: hasLocks && !known.isGuess ? 'proven' : 'likely',
            domid,
            gfn,
            mfn,
            count: recorded,
            expected: known.count,
            caller: where,
            at: { counted: known.countSeq, moved: seq, cached: now.seq },
          });
        }
      }
      known.record(recorded, now.seq);
      if (isAdd) known.addReclaimed();
    };

    /** The write makes entries PoD, or ends such: what it replaces is in the table still. */
    const write = (batch: ReplayBatch, row: number) => {
      const { columns: c } = batch;
      const order = c.order[row];
      if (c.view[row] !== HOST || order > MAX_ENTRY_ORDER || hasFailed(batch, row)) return;
      first = alignDown(gfnOf(batch, row), order);
      if (!(first >= 0 && first < MAX_FRAME)) return;
      const isPod = c.p2m_type[row] === POPULATE_ON_DEMAND;
      const size = framesOf(order);
      table = p2ms.find(c.domid[row], HOST);
      writeOrder = order;
      seen = 0;
      wasPod = 0;
      wasRam = 0;
      if (order > 0) table?.forEachOverlap(first, order, addReplaced);
      else if (table?.find(first)) addReplaced(first);
      if (!isPod && wasPod === 0 && seen === size) return;
      const known = expectedOf(c.domid[row]);
      if ((c.flags[row] & FLAG.attempt) !== 0) known.isGuess = true;
      known.pcpu = now.pcpu;
      if (isPod) known.make(first, size, size - seen, wasPod, wasRam);
      else known.end(first, size, size - seen, wasPod);
      known.writer.set(now.seq, first, mfnOf(batch, row), site());
    };

    return {
      before: {
        set_entry: write,
        pod_cache_add: (batch, row) => compare(batch, row, true),
        pod_cache_get: (batch, row) => compare(batch, row, false),
        pod_populate: (batch, row) => {
          const { domid, order } = batch.columns;
          const known = expectedOf(domid[row]);
          const gfn = gfnOf(batch, row);
          known.populate(framesOf(order[row]));
          // The record has no caller; who wrote the entry right before it may have one.
          const { writer } = known;
          const caller = writer.gfn === alignDown(gfn, order[row]) && writer.caller >= 0 ? writer.caller : site();
          known.mover.set(now.seq, gfn, mfnOf(batch, row), caller);
        },
        pod_zero_reclaim: (batch, row) => {
          const { domid, order } = batch.columns;
          const known = expectedOf(domid[row]);
          const gfn = alignDown(gfnOf(batch, row), order[row]);
          known.reclaim(gfn, framesOf(order[row]));
          known.reclaimer.set(now.seq, gfn, mfnOf(batch, row), site());
          if (!hasAdds) known.addReclaimed();
        },
      },
      sectionEnd: section => {
        for (const known of domains.values()) if (known.pcpu === section.pcpu) known.settle();
      },
      forget: () => domains.clear(),
      forgetDomain: domid => {
        domains.delete(domid);
      },
    };
  },
});
