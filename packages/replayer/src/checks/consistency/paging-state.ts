import type { Handler } from '../../batch/handlers.js';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { gfnOf, hasFailed, mfnOf } from '../../batch/row-values.js';
import { DomainFrames } from '../../memory/domain-frames.js';
import { MAX_FRAME } from '../../memory/frame-table.js';
import { HOST } from '../../state/p2m-set.js';
import { PAGING_SEQ } from '../../state/paging-state.js';
import { defineCheck } from '../check.js';
import { typeSet } from '../p2m-types.js';
import { pagerReferences } from './pager-references.js';

/** Events of the pager. */
export const PAGER_STEPS = ['page_nominate', 'page_evict', 'page_populate', 'page_prep', 'page_resume'] as const;

type IsType = (type: number) => boolean;

const isPaging = typeSet('ram_paging_out', 'ram_paged', 'ram_paging_in', 'ram_paging_in_start');

/**
 * Types from which each step goes on (xen/arch/x86/mm/mem_paging.c). A second vcpu that comes across the gfn populates
 * it again, and is resumed like the first.
 */
const FROM = {
  page_nominate: typeSet('ram_rw', 'ram_logdirty'),
  page_evict: typeSet('ram_paging_out'),
  page_populate: typeSet('ram_paging_out', 'ram_paged', 'ram_paging_in', 'ram_paging_in_start'),
  page_prep: typeSet('ram_paging_in', 'ram_paging_in_start', 'ram_paged'),
  page_resume: typeSet('ram_paging_in', 'ram_paging_in_start', 'ram_rw', 'ram_logdirty'),
};

/** What the last write of an entry to or from a paging type replaced: its type, the event that made it, the write. */
const OLD_TYPE = 0;
const OLD_SEQ = 1;
const WRITE_SEQ = 2;
const WIDTH = 3;

/** A step of the pager that the state does not allow, or that takes a page in use. */
export const pagingState = defineCheck({
  rule: 'consistency.paging-state',
  needs: ['refs'],
  ifRecorded: PAGER_STEPS,
  make: ({ state, p2ms, refs, now, earlierPuts, report, opportunities }) => {
    const steps = opportunities('step');
    const takes = opportunities('take');
    const { paging } = state;
    const heldByOthers = pagerReferences({ state, refs, now, earlierPuts });
    const writes = new DomainFrames(WIDTH);

    /** The write may belong to a step that is recorded behind it, and then hides what the step came from. */
    const noteWrite = (batch: ReplayBatch, row: number) => {
      const { columns: c } = batch;
      const gfn = gfnOf(batch, row);
      if (c.view[row] !== HOST || c.order[row] !== 0 || gfn >= MAX_FRAME || hasFailed(batch, row)) return;
      const table = p2ms.find(c.domid[row], HOST);
      if (!table?.find(gfn)) return;
      const oldType = table.typeAt(gfn);
      if (!isPaging(oldType) && !isPaging(c.p2m_type[row])) return;
      const records = writes.of(c.domid[row]);
      const at = records.make(gfn);
      records.data[at + OLD_TYPE] = oldType;
      records.data[at + OLD_SEQ] = table.foundSeq;
      records.data[at + WRITE_SEQ] = now.seq;
    };

    const checkStep = (batch: ReplayBatch, row: number, isFrom: IsType) => {
      const domid = batch.columns.domid[row];
      const gfn = gfnOf(batch, row);
      const table = p2ms.find(domid, HOST);
      if (!table?.find(gfn)) return;
      let type = table.typeAt(gfn);
      let before = table.foundSeq;
      const ofDomain = writes.get(domid);
      const write = ofDomain?.find(gfn) ?? -1;
      const last = lastStep(domid, gfn);
      if (ofDomain !== undefined && write >= 0 && ofDomain.data[write + WRITE_SEQ] === before && !(last > before)) {
        if (isFrom(type) || isFrom(ofDomain.data[write + OLD_TYPE])) return;
        type = ofDomain.data[write + OLD_TYPE];
        before = ofDomain.data[write + OLD_SEQ];
      }
      if (isFrom(type)) return;
      const mfn = mfnOf(batch, row) >= 0 ? mfnOf(batch, row) : table.foundMfn(gfn);
      const at = { before: last >= 0 ? last : before, step: now.seq };
      report({ detail: 'step', mechanism: 'step', domid, gfn, mfn, old_type: type, kind: batch.columns.kind[row], at });
    };

    /** The last paging event of the gfn, NaN for none. */
    const lastStep = (domid: number, gfn: number) => {
      const states = paging.states.get(domid);
      const at = states?.find(gfn) ?? -1;
      return states === undefined || at < 0 ? Number.NaN : states.data[at + PAGING_SEQ];
    };

    /** Others than the pager hold the page. */
    const checkReferences = (batch: ReplayBatch, row: number) => {
      const mfn = frameOf(batch, row);
      const held = heldByOthers(mfn);
      if (held === undefined) return;
      const { count, referenced, isLate } = held;
      // Those that were taken before the trace may be the pager's.
      const confidence = isLate ? 'possible' : referenced >= 0 ? 'proven' : 'likely';
      const { kind, domid } = batch.columns;
      const what = { domid: domid[row], gfn: gfnOf(batch, row), mfn, count, kind: kind[row] };
      report({ detail: 'referenced', mechanism: 'take', confidence, ...what, at: { referenced, step: now.seq } });
    };

    /** The frame of the step: as recorded, or the one that the entry has. */
    const frameOf = (batch: ReplayBatch, row: number) => {
      const recorded = mfnOf(batch, row);
      if (recorded >= 0) return recorded;
      const gfn = gfnOf(batch, row);
      const table = p2ms.find(batch.columns.domid[row], HOST);
      return table?.find(gfn) ? table.foundMfn(gfn) : -1;
    };

    const step =
      (isFrom: IsType, takesPage = false): Handler =>
      (batch, row) => {
        if (hasFailed(batch, row) || gfnOf(batch, row) >= MAX_FRAME) return;
        steps.count();
        checkStep(batch, row, isFrom);
        if (!takesPage) return;
        takes.count();
        checkReferences(batch, row);
      };

    return {
      before: {
        set_entry: noteWrite,
        page_nominate: step(FROM.page_nominate, true),
        page_evict: step(FROM.page_evict, true),
        page_populate: step(FROM.page_populate),
        page_prep: step(FROM.page_prep),
        page_resume: step(FROM.page_resume),
      },
      forget: () => writes.clear(),
      forgetDomain: domid => writes.delete(domid),
    };
  },
});
