import { getU53, isValid, KIND, MM_LOCK_LEVEL, type ReadBatch, unbiasedLevel } from '@p2mtrace/trace-format';
import { hasFailed } from '../batch/row-values.js';
import { alignDown } from '../memory/order.js';
import { sameEntry } from '../state/p2m-set.js';
import type { ExplainsLookups, LookedUp, ReplayContext } from '../state/replay-context.js';
import { MAX_UNEXPLAINED } from '../state/settled-order.js';
import { NO_MFN } from '../tables/p2m-table.js';
import type { RowReader } from './row-reader.js';

const K_SET_ENTRY = KIND.set_entry;
const K_LOOKUP = KIND.lookup;
/** Records before and after a lookup that are searched: a window is shorter than that. */
const REACH = 1 << 14;

/** Columns that tell what a lookup found, and which writes may have come before or after it. */
export const LOOKUP_COLUMNS = [
  'pcpu',
  'tsc',
  'kind',
  'domid',
  'view',
  'gfn',
  'mfn',
  'order',
  'p2m_type',
  'level',
  'rc',
  'flags',
] as const;

export type LookupColumn = (typeof LOOKUP_COLUMNS)[number];
type LookupBatch = ReadBatch<LookupColumn>;

/**
 * Tells whether a lookup that contradicts the current entry is explained by its window: it happened before a write that
 * was recorded first, or after one that was recorded later (docs/order.md).
 */
export class LookupOrder implements ExplainsLookups {
  private readonly rows: RowReader<LookupColumn>;
  private readonly context: ReplayContext;

  constructor(rows: RowReader<LookupColumn>, context: ReplayContext) {
    this.rows = rows;
    this.context = context;
  }

  /** For the lookup with this seq. @throws P2mError P2M_DAMAGED */
  explains(seq: number, found: LookedUp): boolean {
    const { context } = this;
    if (!context.judgesOrder || context.order.unexplained >= MAX_UNEXPLAINED) return false;
    const { batch, row } = this.rows.at(seq);
    if (!isValid(batch.validity.tsc, row) || !isValid(batch.validity.pcpu, row)) return false;
    const [tsc, pcpu] = [getU53(batch.columns.tsc, row), batch.columns.pcpu[row]];
    const explained = this.wasRewritten(seq, pcpu, found) || this.isWrittenLater(seq, pcpu, tsc, found);
    if (explained) context.order.reordered++;
    else context.order.unexplained++;
    return explained;
  }

  /** True if what it found was current until writes that were recorded in its window. */
  private wasRewritten(seq: number, pcpu: number, found: LookedUp): boolean {
    const start = Math.max(this.rows.start, seq - REACH);
    /** Beginning of the window; none while it is not known. */
    let since = Number.NEGATIVE_INFINITY;
    let writes = 0;
    for (let at = seq - 1; at >= start; ) {
      const { batch, row: last } = this.rows.at(at);
      for (let row = last; row >= 0 && at >= start; row--, at--) {
        if (!isValid(batch.validity.tsc, row)) continue;
        const { columns: c } = batch;
        const tsc = getU53(c.tsc, row);
        const isWrite = c.kind[row] === K_SET_ENTRY && this.writes(batch, row, found);
        if (writes > 0 && (isWrite || (c.kind[row] === K_LOOKUP && isLookup(batch, row, found)))) {
          if (gives(batch, row, found)) return true;
          // This entry held until the first of the writes, so the lookup can't have found another one.
          if (!isWrite) return false;
        }
        if (c.pcpu[row] === pcpu && since === Number.NEGATIVE_INFINITY) since = tsc;
        if (isWrite) {
          if (tsc + this.context.slack <= since || c.pcpu[row] === pcpu) return false;
          writes++;
        }
        if (writes === 0 && tsc + this.context.slack <= since) return false;
      }
    }
    // What held before the writes of the window was written before the records searched: it may have been this.
    return writes > 0;
  }

  /** True if a write that another pcpu records next gives what the lookup found. */
  private isWrittenLater(seq: number, pcpu: number, tsc: number, found: LookedUp): boolean {
    const end = Math.min(this.rows.end, seq + REACH);
    /** pcpus that have recorded something since, so they can't have written before. */
    const passed = new Set([pcpu]);
    for (let at = seq + 1; at < end && passed.size < this.rows.pcpus; ) {
      const { batch, row: from } = this.rows.at(at);
      for (let row = from; row < batch.rows && at < end; row++, at++) {
        if (!isValid(batch.validity.tsc, row) || !isValid(batch.validity.pcpu, row)) continue;
        const { columns: c } = batch;
        if (passed.has(c.pcpu[row])) continue;
        if (c.kind[row] === K_SET_ENTRY && this.writes(batch, row, found) && gives(batch, row, found)) return true;
        if (getU53(c.tsc, row) >= tsc + this.context.slack && !isOfWrite(batch, row)) passed.add(c.pcpu[row]);
      }
    }
    return false;
  }

  /** True for a write of the entry that was looked up. */
  private writes(batch: LookupBatch, row: number, { domid, view, gfn }: LookedUp): boolean {
    const { columns: c } = batch;
    if (c.domid[row] !== domid || c.view[row] !== view || hasFailed(batch, row)) return false;
    if (this.context.isRecordedTwice(batch, row)) return false;
    return alignDown(getU53(c.gfn, row), c.order[row]) === alignDown(gfn, c.order[row]);
  }
}

/** Recorded between the write of an entry and its set_entry: the flush that it puts off, and the lock around both. */
function isOfWrite({ columns: c, validity }: LookupBatch, row: number): boolean {
  const kind = c.kind[row];
  if (kind === KIND.tlb_flush_deferred) return true;
  const isLock = kind === KIND.lock_acquire || kind === KIND.lock_release;
  return isLock && isValid(validity.level, row) && unbiasedLevel(c.level[row]) === MM_LOCK_LEVEL.paging;
}

function isLookup({ columns: c }: LookupBatch, row: number, { domid, view, gfn }: LookedUp): boolean {
  return c.domid[row] === domid && c.view[row] === view && getU53(c.gfn, row) === gfn;
}

/** True if the event's entry is what was found. */
function gives({ columns: c, validity }: LookupBatch, row: number, { gfn, mfn, type }: LookedUp): boolean {
  const base = isValid(validity.mfn, row) ? getU53(c.mfn, row) : NO_MFN;
  const isWrite = c.kind[row] === K_SET_ENTRY;
  const offset = isWrite ? gfn - alignDown(getU53(c.gfn, row), c.order[row]) : 0;
  const own = base === NO_MFN ? NO_MFN : base + offset;
  const hasType = type >= 0 && isValid(validity.p2m_type, row);
  return own === mfn && (!hasType || sameEntry(c.p2m_type[row], own, type, mfn));
}
