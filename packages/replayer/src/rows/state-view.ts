import { type TraceReader, usageError } from '@p2mtrace/trace-format';
import { domidOfKey, vcpuOfKey } from '../memory/keys.js';
import type { XenState } from '../state/xen-state.js';
import { UNKNOWN_DEPTH } from '../tables/lock-table.js';
import { type ContextRow, contextRows } from './context-rows.js';
import { type GrantRow, grantRows } from './grant-rows.js';
import { type LinuxRow, linuxRows } from './linux-rows.js';
import { type LockRow, lockRows } from './lock-rows.js';
import { type PageRow, pageRow, pageRows } from './page-rows.js';
import { type PagingRow, pagingRows } from './paging-rows.js';
import { type PodRow, podRows } from './pod-rows.js';
import { type SharingRow, sharingRows } from './sharing-rows.js';
import {
  type M2pRow,
  type M2pValue,
  m2pOf,
  m2pRows,
  type P2mRow,
  p2mRow,
  p2mRows,
  type StateFilter,
} from './state-rows.js';
import {
  type DivergenceRow,
  divergenceRows,
  type LossRow,
  lossRows,
  type P2mSummary,
  type PageSummary,
  p2mSummaries,
  pageSummary,
} from './state-summary.js';
import { type TlbRow, tlbRows } from './tlb-rows.js';
import { type ViewRow, viewRows } from './view-rows.js';

/** What is known of a gfn: the leaf that covers it; that it has none; or nothing. */
export type EntryState = ({ readonly known: 'entry' } & P2mRow) | { readonly known: 'absent' | 'unknown' };

/** A p2m entry that maps a machine frame; `gfn` is that of the 4K frame. */
export interface MappingRow {
  readonly domid: number;
  readonly view: string;
  readonly gfn: number;
}

/** Who holds a lock. Nulls are unknown, or nobody. */
export interface LockHolder {
  /** pcpu that holds it exclusively. */
  readonly holder: number | null;
  /** Recursion depth, 0 for free. */
  readonly depth: number | null;
}

/**
 * The state after one event, read-only. Valid until its Replay moves on: any later use is an error, also of rows that
 * are still being read.
 */
export class StateView {
  /** This is the state after this event; one before the first event if nothing has happened yet. */
  readonly seq: number;
  readonly reader: TraceReader;
  private current: XenState | undefined;

  constructor(replayer: XenState, reader: TraceReader) {
    this.seq = replayer.seq - 1;
    this.reader = reader;
    this.current = replayer;
  }

  /** The state itself, for what this view does not offer. @throws P2mError P2M_STALE_VIEW */
  get replayer(): XenState {
    if (this.current !== undefined) return this.current;
    throw usageError(
      'P2M_STALE_VIEW',
      `the state after event ${this.seq} is gone: its replay has moved on`,
      'take what you need of a state before the next at(), or open the trace twice',
    );
  }

  /** Called when the replay moves on. */
  expire(): void {
    this.current = undefined;
  }

  /** The entry that covers the gfn in a view of a domain (`host`, `altp2m:1`). */
  entry(domid: number, view: string, gfn: number): EntryState {
    const index = this.reader.names.view.indexOf(view);
    const table = this.replayer.p2ms.find(p2m => p2m.domid === domid && p2m.view === index);
    if (table?.find(gfn)) return { known: 'entry', ...p2mRow(table, view, gfn) };
    return { known: table?.isAbsent(gfn) ? 'absent' : 'unknown' };
  }

  /** page_info of a machine frame, decoded by the trace's layout; all unknown if no event named the frame. */
  page(mfn: number): PageRow {
    return pageRow(this.replayer, mfn, this.replayer.pages.directory.find(mfn));
  }

  /** machine_to_phys_mapping of a frame, null for unknown. */
  m2p(mfn: number): M2pValue {
    return m2pOf(this.replayer, mfn);
  }

  /** Every known entry that maps the frame, over all domains and views. */
  mappings(mfn: number): MappingRow[] {
    const { p2ms, reverse } = this.replayer;
    return reverse.mappings(mfn).map(({ p2m, gfn }) => {
      const { domid, view } = p2ms[p2m];
      return { domid, view: this.reader.names.view[view], gfn };
    });
  }

  /** Who holds a lock, by its index in `reader.names.lock`. */
  lock(index: number): LockHolder {
    const { owner, depth } = this.replayer.locks;
    const held = owner[index] ?? -1;
    const known = depth[index] ?? UNKNOWN_DEPTH;
    return { holder: held < 0 ? null : held, depth: known === UNKNOWN_DEPTH ? null : known };
  }

  /** What a pcpu holds, outermost first, or the innermost so many. @throws P2mError P2M_DAMAGED */
  held(pcpu: number, innermost?: number): LockRow[] {
    return [...lockRows(this.replayer, this.reader, pcpu, innermost)];
  }

  /** How many locks a pcpu holds. */
  heldCount(pcpu: number): number {
    const { locks } = this.replayer;
    return locks.innermost(pcpu) - locks.bottom(pcpu) + 1;
  }

  /** The vcpu that runs on a pcpu, null for unknown or none. */
  running(pcpu: number): { readonly domid: number; readonly vcpu: number } | null {
    const vcpu = this.replayer.running[pcpu] ?? -1;
    return vcpu < 0 ? null : { domid: domidOfKey(vcpu), vcpu: vcpuOfKey(vcpu) };
  }

  /** Domain and view of every p2m that has had events. */
  p2ms(): { readonly domid: number; readonly view: string }[] {
    return this.replayer.p2ms.map(({ domid, view }) => ({ domid, view: this.reader.names.view[view] }));
  }

  p2mRows(filter?: StateFilter): Generator<P2mRow> {
    return this.rows(replayer => p2mRows(replayer, this.reader.names, filter));
  }
  m2pRows(filter?: StateFilter): Generator<M2pRow> {
    return this.rows(replayer => m2pRows(replayer, this.reader.names, filter));
  }
  pageRows(filter?: StateFilter): Generator<PageRow> {
    return this.rows(replayer => pageRows(replayer, filter));
  }
  lockRows(): Generator<LockRow> {
    return this.rows(replayer => lockRows(replayer, this.reader));
  }
  podRows(filter?: StateFilter): Generator<PodRow> {
    return this.rows(replayer => podRows(replayer, filter));
  }
  pagingRows(filter?: StateFilter): Generator<PagingRow> {
    return this.rows(replayer => pagingRows(replayer, filter));
  }
  sharingRows(filter?: StateFilter): Generator<SharingRow> {
    return this.rows(replayer => sharingRows(replayer, filter));
  }
  viewRows(filter?: StateFilter): Generator<ViewRow> {
    return this.rows(replayer => viewRows(replayer, this.reader.names, filter));
  }
  grantRows(filter?: StateFilter): Generator<GrantRow> {
    return this.rows(replayer => grantRows(replayer, filter));
  }
  linuxRows(filter?: StateFilter): Generator<LinuxRow> {
    return this.rows(replayer => linuxRows(replayer, filter));
  }
  contextRows(filter?: StateFilter): Generator<ContextRow> {
    return this.rows(replayer => contextRows(replayer, this.reader.names, filter));
  }
  tlbRows(filter?: StateFilter): Generator<TlbRow> {
    return this.rows(replayer => tlbRows(replayer, this.reader.names, filter));
  }
  /** Recorded values so far that differ from what the model expected. */
  divergences(): Generator<DivergenceRow> {
    return this.rows(replayer => divergenceRows(replayer, this.reader.names));
  }
  losses(): Generator<LossRow> {
    return this.rows(lossRows);
  }
  p2mSummaries(filter?: StateFilter): P2mSummary[] {
    return p2mSummaries(this.replayer, this.reader.names, filter);
  }
  pageSummary(): PageSummary {
    return pageSummary(this.replayer);
  }

  /** Rows of the state, as long as the view is valid. */
  private *rows<Row>(of: (replayer: XenState) => Generator<Row>): Generator<Row> {
    for (const row of of(this.replayer)) {
      yield row;
      this.replayer; // throws if the state has moved on
    }
  }
}
