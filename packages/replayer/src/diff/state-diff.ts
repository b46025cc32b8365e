import type { LockRow } from '../rows/lock-rows.js';
import type { StateView } from '../rows/state-view.js';
import { p2mChanges } from './p2m-diff.js';
import { changeOf, runsOf, type StateChange, type Values } from './state-change.js';

export const DIFF_TABLES = ['p2m', 'm2p', 'pages', 'locks'] as const;
export type DiffTable = (typeof DIFF_TABLES)[number];

export interface DiffOptions {
  /** Only p2ms of this domain, pages that it owns in one of the states, and frames that it maps. */
  readonly domid?: number | undefined;
  /** All tables if absent. */
  readonly tables?: readonly DiffTable[] | undefined;
}

/**
 * What differs between two states: two points of one trace, or points of two traces. Within one trace, a page that was
 * freed and allocated again differs in its generation, and a lock that was released and taken again in its acquisition.
 * Both views must be valid, so they come from two Replays.
 * @throws P2mError P2M_STALE_VIEW, P2M_DAMAGED
 */
export function* diffStates(before: StateView, after: StateView, options: DiffOptions = {}): Generator<StateChange> {
  const { domid, tables = DIFF_TABLES } = options;
  if (tables.includes('p2m')) yield* runsOf(p2mChanges(before, after, domid), 'gfn');
  if (tables.includes('m2p')) yield* runsOf(m2pChanges(before, after, domid), 'mfn');
  if (tables.includes('pages')) yield* runsOf(pageChanges(before, after, domid), 'mfn');
  if (tables.includes('locks')) yield* lockChanges(before, after);
}

const isOneTrace = (before: StateView, after: StateView) => before.reader === after.reader;

function* m2pChanges(before: StateView, after: StateView, domid: number | undefined): Generator<StateChange> {
  for (const mfn of frames(before.m2pRows({ domid }), after.m2pRows({ domid }))) {
    const change = changeOf('m2p', { mfn }, 1, m2pValues(before, mfn), m2pValues(after, mfn));
    if (change !== null) yield change;
  }
}

function m2pValues(state: StateView, mfn: number): Values | null {
  const m2p = state.m2p(mfn);
  return m2p === null ? null : { m2p };
}

function* pageChanges(before: StateView, after: StateView, domid: number | undefined): Generator<StateChange> {
  const oneTrace = isOneTrace(before, after);
  for (const mfn of frames(before.pageRows({ domid }), after.pageRows({ domid }))) {
    const values = [before, after].map(state => pageValues(state, mfn, oneTrace));
    const change = changeOf('pages', { mfn }, 1, values[0], values[1]);
    if (change !== null) yield change;
  }
}

function pageValues(state: StateView, mfn: number, oneTrace: boolean): Values | null {
  const { owner, state: life, count, count_flags, type, type_count, type_flags, generation } = state.page(mfn);
  const isKnown = life !== 'unknown' || [owner, count, type].some(value => value !== null);
  if (!isKnown) return null;
  const known = { state: life, ...(oneTrace ? { generation } : {}) };
  return life === 'free' ? known : { ...known, owner, count, count_flags, type, type_count, type_flags };
}

/** mfns of rows, each once and in order. */
function frames(...rows: Iterable<{ readonly mfn: number }>[]): Float64Array {
  const mfns = new Set<number>();
  for (const some of rows) for (const { mfn } of some) mfns.add(mfn);
  return Float64Array.from(mfns).sort();
}

/** Acquisitions by pcpu and lock; repeated acquisitions of a lock are told apart by number. */
function* lockChanges(before: StateView, after: StateView): Generator<StateChange> {
  const oneTrace = isOneTrace(before, after);
  const [old, now] = [before, after].map(state => heldLocks(state.lockRows(), oneTrace));
  for (const [key, { subject }] of new Map([...old, ...now])) {
    const change = changeOf('locks', subject, null, old.get(key)?.values ?? null, now.get(key)?.values ?? null);
    if (change !== null) yield change;
  }
}

function heldLocks(rows: Iterable<LockRow>, oneTrace: boolean) {
  const held = new Map<string, { subject: StateChange['subject']; values: Values }>();
  for (const { pcpu, lock, class: lockClass, level, mode, depth, since_seq, caller, symbol } of rows) {
    const subject = { pcpu, lock };
    let key = `${pcpu} ${lock}`;
    while (held.has(key)) key += ' again';
    const values = { class: lockClass, level, mode, depth, caller: symbol ?? caller };
    held.set(key, { subject, values: oneTrace ? { ...values, since_seq } : values });
  }
  return held;
}
