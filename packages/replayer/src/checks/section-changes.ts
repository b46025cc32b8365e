import { FLAG, isValid, KIND, type KindName } from '@p2mtrace/trace-format';
import type { Handler, Handlers } from '../batch/handlers.js';
import type { ReplayBatch } from '../batch/replay-batch.js';
import { gfnOf, hasFailed, mfnOf } from '../batch/row-values.js';
import { MAX_FRAME } from '../memory/frame-table.js';
import { alignDown } from '../memory/order.js';
import { HOST, MAX_ENTRY_ORDER, type P2mSet } from '../state/p2m-set.js';
import type { ReplayContext } from '../state/replay-context.js';
import type { P2mTable } from '../tables/p2m-table.js';
import { ENTRY_FAILED, ENTRY_IMPLIED, ENTRY_REPLACED, ENTRY_WRITTEN, M2P_SET, MFN, ORDER, SINCE } from './section.js';
import type { Sections } from './sections.js';

const K_SET_ENTRY = KIND.set_entry;
const K_REMAP = KIND.remap;

/** Kinds that write an entry, or imply one (docs/replay.md). */
const WRITERS = [
  'set_entry',
  'pod_populate',
  'pod_zero_reclaim',
  'page_nominate',
  'page_evict',
  'page_populate',
  'page_prep',
  'page_resume',
  'share_nominate',
  'share_pages',
  'unshare',
  'remap',
  'foreign_map',
] as const satisfies readonly KindName[];

/** Takes down for the section at hand what events do to p2m entries and to the M2P. */
export class SectionChanges {
  readonly before: Handlers;
  readonly after: Handlers;
  private readonly context: ReplayContext;
  private readonly p2ms: P2mSet;
  private readonly sections: Sections;
  /** Where the changes of the section end that are from before the write at hand. */
  private mark = 0;

  constructor(context: ReplayContext, p2ms: P2mSet, sections: Sections) {
    this.context = context;
    this.p2ms = p2ms;
    this.sections = sections;
    const each = (handler: Handler) => Object.fromEntries(WRITERS.map(kind => [kind, handler]));
    this.before = each((batch, row) => this.beforeWrite(batch, row));
    this.after = {
      ...each((batch, row) => this.afterWrite(batch, row)),
      m2p_set: (batch, row) => {
        const section = sections.note(M2P_SET, -1);
        section.data[section.last + MFN] = mfnOf(batch, row);
      },
    };
  }

  private beforeWrite(batch: ReplayBatch, row: number): void {
    const order = orderOf(batch, row);
    const gfn = firstGfn(batch, row, order);
    if (gfn < 0 || hasFailed(batch, row)) return;
    this.mark = this.sections.mark;
    const table = this.p2ms.find(batch.columns.domid[row], viewOf(batch, row));
    if (table === undefined) return;
    if (order > 0) this.replacedAll(table, gfn, order);
    else if (table.find(gfn)) this.replaced(table, gfn, 0);
  }

  private replacedAll(table: P2mTable, first: number, order: number): void {
    table.forEachOverlap(first, order, leafGfn => this.replaced(table, Math.max(first, leafGfn), order));
  }

  /** The entry that the table has found at the gfn is about to go, as far as a write of that order covers it. */
  private replaced(table: P2mTable, gfn: number, order: number): void {
    const part = Math.min(order, table.foundOrder);
    const mfn = table.foundMfn(gfn);
    const type = table.typeAt(gfn);
    const section = this.sections.note(ENTRY_REPLACED, table.domid);
    section.setEntry(section.last, table.view, gfn, mfn, type);
    section.data[section.last + ORDER] = part;
    section.data[section.last + SINCE] = table.foundSince;
  }

  private afterWrite(batch: ReplayBatch, row: number): void {
    const { columns: c } = batch;
    const order = orderOf(batch, row);
    const gfn = firstGfn(batch, row, order);
    if (gfn < 0) return;
    const domid = c.domid[row];
    const view = viewOf(batch, row);
    const failed = hasFailed(batch, row);
    if (c.kind[row] === K_SET_ENTRY) {
      const what = failed ? ENTRY_FAILED : ENTRY_WRITTEN;
      const section = this.sections.note(what, domid);
      section.setEntry(section.last, view, gfn, mfnOf(batch, row), c.p2m_type[row]);
      section.data[section.last + ORDER] = order;
      if ((c.flags[row] & FLAG.attempt) !== 0) this.sections.attempt();
      return;
    }
    const table = this.p2ms.find(domid, view);
    if (failed || !table?.find(gfn)) return;
    if (table.foundSeq === this.context.now.seq) {
      const section = this.sections.note(ENTRY_IMPLIED, domid);
      section.setEntry(section.last, view, gfn, table.foundMfn(gfn), table.typeAt(gfn));
      section.data[section.last + ORDER] = order;
    } else {
      // The entry was so already: nothing was replaced.
      this.sections.rollback(this.mark);
    }
  }
}

function orderOf({ columns, validity }: ReplayBatch, row: number): number {
  return isValid(validity.order, row) ? columns.order[row] : 0;
}

/** First gfn of what a write covers, -1 for none that a machine has. */
function firstGfn(batch: ReplayBatch, row: number, order: number): number {
  const gfn = gfnOf(batch, row);
  return gfn >= MAX_FRAME || order > MAX_ENTRY_ORDER ? -1 : alignDown(gfn, order);
}

/** Implied entries are the host's. */
function viewOf({ columns }: ReplayBatch, row: number): number {
  const kind = columns.kind[row];
  return kind === K_SET_ENTRY || kind === K_REMAP ? columns.view[row] : HOST;
}
