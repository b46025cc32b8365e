import { offsetsOf } from '../facts/fact-columns.js';
import { DIVERGENCE_SPEC, DIVERGENCES, LOSSES } from '../facts/fact-specs.js';
import type { XenState } from '../state/xen-state.js';
import { ALLOCATED, COUNT_KNOWN, FREE } from '../tables/page-table.js';
import { grantRows } from './grant-rows.js';
import { linuxRows } from './linux-rows.js';
import { pagingRows } from './paging-rows.js';
import { podRows } from './pod-rows.js';
import { idOrNull, numberOrNull } from './row-nulls.js';
import { sharingRows } from './sharing-rows.js';
import { type Names, p2mRows, type StateFilter } from './state-rows.js';
import { tlbRows } from './tlb-rows.js';
import { viewRows } from './view-rows.js';

const DIVERGENCE = offsetsOf(DIVERGENCE_SPEC);
const LOSS = offsetsOf(LOSSES);

const HOLES: ReadonlySet<string> = new Set(['invalid', 'mmio_dm']);

/** How much of a p2m is known, in 4K frames. */
export interface P2mSummary {
  readonly domid: number;
  readonly view: string;
  /** Frames of all types except holes. */
  readonly frames: number;
  readonly by_type: Readonly<Record<string, number>>;
  /** Frames known to have nothing: removed (invalid), or left to a device model, as lookups of a hole say (mmio_dm). */
  readonly holes: Readonly<Record<string, number>>;
}

/** A recorded value that differs from what the model expected. */
export interface DivergenceRow {
  readonly seq: number;
  readonly about: string;
  readonly domid: number | null;
  readonly gfn: number | null;
  readonly mfn: number | null;
  readonly lock: string | null;
  readonly pcpu: number | null;
  readonly expected: number | null;
  readonly seen: number | null;
  /** The event that wrote the expected value. */
  readonly last_seq: number | null;
}

export interface LossRow {
  readonly seq: number;
  readonly pcpu: number | null;
  readonly count: number;
}

/** Frames of every p2m by type, by domain. */
export function p2mSummaries(replayer: XenState, names: Names, filter: StateFilter = {}): P2mSummary[] {
  const all: { domid: number; view: string; types: Map<string, number> }[] = [];
  for (const { domid, view, p2m_type, order } of p2mRows(replayer, names, filter)) {
    let last = all.at(-1);
    if (last?.domid !== domid || last.view !== view) {
      last = { domid, view, types: new Map() };
      all.push(last);
    }
    last.types.set(p2m_type, (last.types.get(p2m_type) ?? 0) + 2 ** order);
  }
  return all.map(({ domid, view, types }) => {
    const sorted = [...types].sort((a, b) => b[1] - a[1]);
    const byType = sorted.filter(([type]) => !HOLES.has(type));
    const frames = byType.reduce((sum, [, count]) => sum + count, 0);
    const holes = sorted.filter(([type]) => HOLES.has(type));
    return { domid, view, frames, by_type: Object.fromEntries(byType), holes: Object.fromEntries(holes) };
  });
}

export interface PageSummary {
  /** Machine frames of which anything is known. */
  readonly known: number;
  readonly allocated: number;
  readonly free: number;
  /** Those that are not free and whose count is known. */
  readonly counted: number;
}

export function pageSummary({ pages }: XenState): PageSummary {
  const summary = { known: 0, allocated: 0, free: 0, counted: 0 };
  for (const state of pages.state.subarray(0, pages.directory.slots)) {
    if (state === 0) continue;
    summary.known++;
    if ((state & ALLOCATED) !== 0) summary.allocated++;
    if ((state & FREE) !== 0) summary.free++;
    else if ((state & COUNT_KNOWN) !== 0) summary.counted++;
  }
  return summary;
}

/** Number of rows in each of the rarer parts of the state; empty parts are left out. */
export function mechanismCounts(replayer: XenState, names: Names, filter: StateFilter = {}): Record<string, number> {
  const rows = {
    m2p: replayer.m2p.size,
    views: count(viewRows(replayer, names, filter), ({ what }) => what === 'view'),
    remaps: count(viewRows(replayer, names, filter), ({ what }) => what === 'remap'),
    stale_entries: count(viewRows(replayer, names, filter), ({ what }) => what === 'stale'),
    pod_cache: sum([...podRows(replayer, filter)].map(({ cached }) => cached)),
    paging: count(pagingRows(replayer, filter)),
    shared_gfns: count(sharingRows(replayer, filter)),
    grants: count(grantRows(replayer, filter), ({ kind }) => kind === 'grant'),
    foreign: count(grantRows(replayer, filter), ({ kind }) => kind === 'foreign'),
    deferred_flushes: count(tlbRows(replayer, names, filter)),
    linux_pfns: count(linuxRows(replayer, filter), ({ what }) => what === 'entry'),
    overrides: count(linuxRows(replayer, filter), ({ what }) => what === 'override'),
  };
  return Object.fromEntries(Object.entries(rows).filter(([, number]) => number > 0));
}

function count<Row>(rows: Iterable<Row>, wanted: (row: Row) => boolean = () => true): number {
  let number = 0;
  for (const row of rows) if (wanted(row)) number++;
  return number;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** The divergences found by a replay, in order. */
export function* divergenceRows({ health }: XenState, names: Names): Generator<DivergenceRow> {
  const { divergences } = health;
  for (const at of divergences.openOffsets()) {
    const row = divergences.records.subarray(at);
    yield {
      seq: row[DIVERGENCE.seq],
      about: DIVERGENCES[row[DIVERGENCE.about]],
      domid: idOrNull(row[DIVERGENCE.domid]),
      gfn: numberOrNull(row[DIVERGENCE.gfn]),
      mfn: numberOrNull(row[DIVERGENCE.mfn]),
      lock: names.lock[row[DIVERGENCE.lock]] ?? null,
      pcpu: idOrNull(row[DIVERGENCE.pcpu]),
      expected: numberOrNull(row[DIVERGENCE.expected]),
      seen: numberOrNull(row[DIVERGENCE.seen]),
      last_seq: numberOrNull(row[DIVERGENCE.last_seq]),
    };
  }
}

/** The losses found by a replay, in order. */
export function* lossRows({ health }: XenState): Generator<LossRow> {
  const { losses } = health;
  for (const at of losses.openOffsets()) {
    const row = losses.records.subarray(at);
    yield { seq: row[LOSS.seq], pcpu: idOrNull(row[LOSS.pcpu]), count: row[LOSS.count] };
  }
}
