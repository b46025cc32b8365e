import { FLAG, isRecorded, isValid, KIND, type KindName, MM_LOCK_ORDER_MAX, MODE_READ } from '@p2mtrace/trace-format';
import { MAX_FRAME } from '../frame-table.js';
import type { Handler, Handlers } from '../handlers.js';
import { INVALID_M2P, SHARED_M2P } from '../m2p-state.js';
import { HOST, MAX_ENTRY_ORDER, type P2mSet } from '../p2m-set.js';
import type { P2mTable } from '../p2m-table.js';
import type { ReplayBatch } from '../replay-batch.js';
import type { ReplayContext, TraceHead } from '../replay-context.js';
import { domidOf, gfnOf, hasFailed, mfnOf } from '../row-values.js';
import {
  ENTRY_FAILED,
  ENTRY_IMPLIED,
  ENTRY_REPLACED,
  ENTRY_WRITTEN,
  FRAME_TOUCHED,
  M2P_SET,
  Section,
} from './section.js';

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

/** mm lock levels of the p2m (host, nested) and of altp2m, without the control domain's bias (X§2.1). */
const P2M_LEVELS = [16, 40];

/**
 * The section that each pcpu is in, and what it has changed there (docs/judgement.md): between taking its first p2m
 * lock for writing and releasing the last; in a trace without such locks, between its first locked lookup and the last
 * put_gfn. What is changed outside of these is a section up to the pcpu's next event of another domain.
 */
export class Sections {
  readonly before: Handlers;
  readonly after: Handlers;
  /** Sections that only an event of another domain ends. */
  private bare = 0;
  /** By pcpu + 1: an event without a pcpu is somebody's of its own. */
  private readonly byPcpu: Section[] = [];
  /** Where the changes of the section end that are from before the write at hand. */
  private mark = 0;
  private readonly context: ReplayContext;
  private readonly p2ms: P2mSet;
  private readonly isP2mClass: readonly boolean[];
  private readonly onEnd: (section: Section) => void;

  constructor(context: ReplayContext, p2ms: P2mSet, { names, metadata }: TraceHead, onEnd: (ended: Section) => void) {
    this.context = context;
    this.p2ms = p2ms;
    this.onEnd = onEnd;
    this.isP2mClass = names.lock_class.map(name => name === 'p2m' || name === 'altp2m');
    const each = (handler: Handler) => Object.fromEntries(WRITERS.map(kind => [kind, handler]));
    this.before = each((batch, row) => this.beforeWrite(batch, row));
    this.after = {
      ...each((batch, row) => this.afterWrite(batch, row)),
      m2p_set: (batch, row) => this.m2pSet(batch, row),
      ...(isRecorded(metadata, 'lock_acquire')
        ? this.lockHandlers
        : isRecorded(metadata, 'put_gfn')
          ? this.lookupHandlers
          : {}),
    };
  }

  private readonly lockHandlers: Handlers = {
    lock_acquire: (batch, row) => {
      if (!this.isP2mLock(batch, row)) return;
      const section = this.current();
      if (section.isBare && section.end > 0) this.bare--;
      section.locks++;
    },
    lock_release: (batch, row) => {
      if (!this.isP2mLock(batch, row)) return;
      const section = this.current();
      // What was taken before the trace, or its loss, ends all the same.
      const bare = section.isBare;
      if (!bare) section.locks--;
      if (section.locks === 0) this.finish(section, bare);
    },
  };

  private readonly lookupHandlers: Handlers = {
    lookup: ({ columns }, row) => {
      if ((columns.flags[row] & FLAG.locked) === 0) return;
      const section = this.current();
      if (section.isBare && section.end > 0) this.bare--;
      section.gets++;
    },
    put_gfn: () => {
      const section = this.current();
      const bare = section.isBare;
      if (!bare) section.gets--;
      if (section.gets === 0) this.finish(section, bare);
    },
  };

  private isP2mLock({ columns: c, validity: v }: ReplayBatch, row: number): boolean {
    if (c.mode[row] === MODE_READ) return false;
    if (isValid(v.lock_class, row)) return this.isP2mClass[c.lock_class[row]];
    if (!isValid(v.level, row)) return false;
    const level = c.level[row];
    return P2M_LEVELS.includes(level > MM_LOCK_ORDER_MAX ? level - MM_LOCK_ORDER_MAX : level);
  }

  /** The section of the pcpu of the moment. */
  private current(): Section {
    const { pcpu } = this.context.now;
    while (this.byPcpu.length <= pcpu + 1) this.byPcpu.push(new Section(this.byPcpu.length - 1));
    return this.byPcpu[pcpu + 1];
  }

  /** Frames [mfn, mfn + 2^order) are to be looked at when the section ends that the pcpu of the moment is in. */
  touch(mfn: number, order = 0): void {
    this.note(FRAME_TOUCHED, -1, -1, -1, order, mfn, -1);
  }

  /** An event of any kind, before it changes anything: it may be of another domain than a section that is bare. */
  pass(batch: ReplayBatch, row: number): void {
    if (this.bare === 0) return;
    const section = this.current();
    const domid = domidOf(batch, row);
    if (section.end === 0 || !section.isBare || domid < 0 || domid === section.domid) return;
    if (section.domid < 0) section.domid = domid;
    else this.finish(section, true);
  }

  private beforeWrite(batch: ReplayBatch, row: number): void {
    const order = orderOf(batch, row);
    const gfn = firstGfn(batch, row, order);
    if (gfn < 0 || hasFailed(batch, row) || this.isRecordedTwice(batch, row)) return;
    this.mark = this.current().end;
    const table = this.p2ms.find(batch.columns.domid[row], viewOf(batch, row));
    if (order > 0) table?.forEachOverlap(gfn, order, leafGfn => this.replaced(table, Math.max(gfn, leafGfn), order));
    else if (table?.find(gfn)) this.replaced(table, gfn, 0);
  }

  /** The entry that the table has found at the gfn is about to go, as far as a write of that order covers it. */
  private replaced(table: P2mTable, gfn: number, order: number): void {
    const { domid, view, foundOrder, foundSince } = table;
    const [mfn, type] = [table.foundMfn(gfn), table.typeAt(gfn)];
    this.note(ENTRY_REPLACED, domid, view, gfn, Math.min(order, foundOrder), mfn, type, foundSince);
  }

  private afterWrite(batch: ReplayBatch, row: number): void {
    const { columns: c } = batch;
    const order = orderOf(batch, row);
    const gfn = firstGfn(batch, row, order);
    if (gfn < 0 || this.isRecordedTwice(batch, row)) return;
    const domid = c.domid[row];
    const view = viewOf(batch, row);
    const failed = hasFailed(batch, row);
    if (c.kind[row] === K_SET_ENTRY) {
      const what = failed ? ENTRY_FAILED : ENTRY_WRITTEN;
      this.note(what, domid, view, gfn, order, mfnOf(batch, row), c.p2m_type[row]);
      if ((c.flags[row] & FLAG.attempt) !== 0) this.current().attempted = true;
      return;
    }
    const table = this.p2ms.find(domid, view);
    if (failed || !table?.find(gfn)) return;
    if (table.foundSeq === this.context.now.seq) {
      this.note(ENTRY_IMPLIED, domid, view, gfn, order, table.foundMfn(gfn), table.typeAt(gfn));
    } else {
      // The entry was so already: nothing was replaced.
      this.takeBack(this.mark);
    }
  }

  private takeBack(end: number): void {
    const section = this.current();
    if (section.isBare && section.end > 0 && end === 0) this.bare--;
    section.end = Math.min(section.end, end);
  }

  /** An attempt in a trace that has results too. */
  private isRecordedTwice({ columns }: ReplayBatch, row: number): boolean {
    return (columns.flags[row] & FLAG.attempt) !== 0 && this.context.hasResults;
  }

  private m2pSet(batch: ReplayBatch, row: number): void {
    const shared = (batch.columns.flags[row] & FLAG.shared) !== 0;
    const gfn = shared ? SHARED_M2P : gfnOf(batch, row);
    this.note(M2P_SET, -1, -1, gfn === -1 ? INVALID_M2P : gfn, 0, mfnOf(batch, row), -1);
  }

  private note(
    what: number,
    domid: number,
    view: number,
    gfn: number,
    order: number,
    mfn: number,
    type: number,
    since = Number.NaN,
  ): void {
    const section = this.current();
    if (section.end === 0 && section.isBare) {
      this.bare++;
      section.domid = domid;
    }
    const { now, facts } = this.context;
    section.add(what, now.seq, domid, view, gfn, order, mfn, type, facts?.site() ?? -1, since);
  }

  private finish(section: Section, bare: boolean): void {
    if (section.end === 0) return;
    if (bare) this.bare--;
    this.onEnd(section);
    section.clear();
  }

  /** The trace ends, and all sections with it. */
  end(): void {
    for (const section of this.byPcpu) {
      section.cut = true;
      this.finish(section, section.isBare);
    }
  }

  /** Loss: a section has an unknown rest, so that its end says nothing. */
  forget(): void {
    for (const section of this.byPcpu) {
      section.clear();
      section.locks = 0;
      section.gets = 0;
    }
    this.bare = 0;
  }
}

function orderOf({ columns, validity }: ReplayBatch, row: number): number {
  return isValid(validity.order, row) ? columns.order[row] : 0;
}

/** First gfn of what a write covers, -1 for none that a machine has. */
function firstGfn(batch: ReplayBatch, row: number, order: number): number {
  const gfn = gfnOf(batch, row);
  return gfn >= MAX_FRAME || order > MAX_ENTRY_ORDER ? -1 : gfn - (gfn % 2 ** order);
}

/** Implied entries are the host's. */
function viewOf({ columns }: ReplayBatch, row: number): number {
  const kind = columns.kind[row];
  return kind === K_SET_ENTRY || kind === K_REMAP ? columns.view[row] : HOST;
}
