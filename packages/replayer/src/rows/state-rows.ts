import { ACCESS_TYPES, P2M_TYPES, type TraceReader } from '@p2mtrace/trace-format';
import { alignDown, framesOf } from '../memory/order.js';
import { INVALID_M2P, SHARED_M2P } from '../state/m2p-state.js';
import type { XenState } from '../state/xen-state.js';
import { NO_MFN, type P2mTable } from '../tables/p2m-table.js';
import { numberOrNull } from './row-nulls.js';

/** Names of the dictionary indices, as in a TraceReader. */
export type Names = TraceReader['names'];

/** Selects rows of a state: those of one domain (a page's owner), of one view. */
export interface StateFilter {
  readonly domid?: number | undefined;
  readonly view?: string | undefined;
}

/** A leaf of a p2m. */
export interface P2mRow {
  readonly domid: number;
  readonly view: string;
  readonly gfn: number;
  readonly order: number;
  /** null for INVALID_MFN. */
  readonly mfn: number | null;
  readonly p2m_type: string;
  /** null if it was not recorded. */
  readonly access: string | null;
  /** The set_entry that wrote it; null if it was there before the trace showed it. */
  readonly set_seq: number | null;
}

/** Every known leaf, by p2m and gfn; a leaf that a lazy change of types cuts is given in parts. */
export function* p2mRows(replayer: XenState, names: Names, filter: StateFilter = {}): Generator<P2mRow> {
  for (const { table, view } of selectedP2ms(replayer, names, filter)) {
    for (const gfn of leavesOf(table)) {
      table.find(gfn);
      const end = gfn + framesOf(table.foundOrder);
      for (let at = gfn; at < end; ) {
        table.find(at);
        const row = p2mRow(table, view, at);
        yield row;
        at += framesOf(row.order);
      }
    }
  }
}

/** The part around this gfn of the leaf found last that has a single type: all of it, unless a lazy change cuts it. */
export function p2mRow(table: P2mTable, view: string, gfn: number): P2mRow {
  const order = table.orderAt(gfn);
  const first = alignDown(gfn, order);
  const mfn = table.foundMfn(first);
  return {
    domid: table.domid,
    view,
    gfn: first,
    order,
    mfn: mfn === NO_MFN ? null : mfn,
    p2m_type: P2M_TYPES[table.typeAt(first)],
    access: ACCESS_TYPES[table.foundAccess] ?? null,
    set_seq: numberOrNull(table.foundSeq),
  };
}

/** The p2ms that a filter selects, by domain, its host p2m first. */
export function selectedP2ms(replayer: XenState, names: Names, { domid, view }: StateFilter) {
  return replayer.p2ms
    .map((table, index) => ({ index, table, view: names.view[table.view] ?? String(table.view) }))
    .filter(p2m => (domid === undefined || p2m.table.domid === domid) && (view === undefined || p2m.view === view))
    .sort((a, b) => a.table.domid - b.table.domid || a.table.view - b.table.view);
}

function leavesOf(table: P2mTable): number[] {
  const gfns: number[] = [];
  table.forEachLeaf(gfn => gfns.push(gfn));
  return gfns;
}

/** machine_to_phys_mapping of a frame as recorded; null if no event told. */
export type M2pValue = number | 'invalid' | 'shared' | null;

/** A machine frame with its M2P, and one p2m entry that maps it. */
export interface M2pRow {
  readonly mfn: number;
  readonly m2p: M2pValue;
  /** The m2p_set that recorded it. */
  readonly m2p_seq: number | null;
  /** The mapping; all null for a frame with no known mapping. */
  readonly domid: number | null;
  readonly view: string | null;
  readonly gfn: number | null;
}

/** Every frame that is mapped by some p2m or whose M2P is known, by mfn; one row for each of its mappings. */
export function* m2pRows(replayer: XenState, names: Names, filter: StateFilter = {}): Generator<M2pRow> {
  const wanted = new Map(selectedP2ms(replayer, names, filter).map(p2m => [p2m.index, p2m]));
  const all = filter.domid === undefined && filter.view === undefined;
  for (const mfn of knownFrames(replayer, all)) {
    const of = { mfn, m2p: m2pOf(replayer, mfn), m2p_seq: numberOrNull(replayer.m2p.setSeq(mfn)) };
    const mappings = replayer.reverse.mappings(mfn);
    if (mappings.length === 0 && all) yield { ...of, domid: null, view: null, gfn: null };
    for (const { p2m, gfn } of mappings) {
      const found = wanted.get(p2m);
      if (found !== undefined) yield { ...of, domid: found.table.domid, view: found.view, gfn };
    }
  }
}

export function m2pOf(replayer: XenState, mfn: number): M2pValue {
  const value = replayer.m2p.get(mfn);
  if (value === undefined) return null;
  return value === INVALID_M2P ? 'invalid' : value === SHARED_M2P ? 'shared' : value;
}

/** 4K frames of all leaves, and of the M2P if wanted, each once and in order. */
function* knownFrames(replayer: XenState, withM2p: boolean): Generator<number> {
  const ranges: (readonly [number, number])[] = [];
  for (const table of replayer.p2ms) {
    table.forEachLeaf(() => {
      if (table.foundBase !== NO_MFN) ranges.push([table.foundBase, table.foundBase + framesOf(table.foundOrder)]);
    });
  }
  if (withM2p) for (const mfn of replayer.m2p.keys()) ranges.push([mfn, mfn + 1]);
  ranges.sort((a, b) => a[0] - b[0]);
  let next = 0;
  for (const [from, to] of ranges) {
    for (let mfn = Math.max(from, next); mfn < to; mfn++) yield mfn;
    next = Math.max(next, to);
  }
}
