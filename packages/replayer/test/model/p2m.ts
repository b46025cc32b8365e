import { snapshotOf, type TraceEvent } from './event.js';
import { Leaves } from './leaves.js';
import { FRAMES, isFailed, type Mechanism, type Model } from './model.js';
import { completeSince, effective, endRemaps, isAbsent, markStale } from './views.js';

/** What an event says of [gfn, gfn + 2^order). */
export interface Entry {
  readonly gfn: bigint;
  readonly order: number;
  /** Machine frame of gfn; null for none. */
  readonly mfn: bigint | null;
  readonly type: string;
  readonly access: string | null;
}

/** A p2m entry, of order 0, 9 or 18. */
export interface Leaf extends Entry {
  /** The event that wrote it; null where it was there before the trace showed it. */
  readonly writer: number | null;
  /** The event that wrote it or showed it. */
  readonly since: number;
  /** Of an altp2m view: the host's write since which it is behind the host; null for one before the trace. */
  readonly stale: number | null | undefined;
}

/**
 * A lazy change of types: from now on, entries of [from, end) that are older read otherwise (docs/xen.md#lazy-types).
 */
interface TypeChange {
  readonly from: bigint;
  readonly end: bigint;
  readonly oldTypes: readonly string[];
  readonly type: string;
  readonly seq: number;
}

/** The known entries of one p2m: leaves by their first gfn, none of which overlap. */
export interface P2m {
  readonly domid: number;
  readonly view: string;
  readonly leaves: Leaves;
  readonly changes: TypeChange[];
  /** gfn → type that the last write of a 4K entry was to give it, where that failed. */
  readonly refused: Map<bigint, string>;
}

export const newP2m = () => ({
  /** By `domid view`. */
  tables: new Map<string, P2m>(),
  /** Domains of which a page was freed that they map, and none of whose entries was written since. */
  tornDown: new Set<number>(),
  /** What the M2P says of an mfn, where that is known, and the event that said so; null for before the trace. */
  m2p: new Map<bigint, { readonly value: bigint | 'invalid' | 'shared'; readonly since: number | null }>(),
});

export function tableOf(model: Model, domid: number, view = 'host'): P2m {
  const key = `${domid} ${view}`;
  const table = model.p2m.tables.get(key) ?? { domid, view, leaves: new Leaves(), changes: [], refused: new Map() };
  model.p2m.tables.set(key, table);
  return table;
}

export const alignDown = (frame: bigint, order: number) => (frame >> BigInt(order)) << BigInt(order);
export const frames = (order: number) => 1n << BigInt(order);
/** Order of the leaves that an entry is made of. */
export const leafOrder = (order: number) => (order >= 18 ? 18 : order >= 9 ? 9 : 0);

/** The leaf around a gfn. */
export function leafAt({ leaves }: P2m, gfn: bigint): Leaf | undefined {
  return [0, 9, 18]
    .map(order => leaves.get(alignDown(gfn, order)))
    .find(leaf => leaf !== undefined && gfn < leaf.gfn + frames(leaf.order));
}

/** The mfn that a leaf maps gfn to. */
export const mfnAt = (leaf: Entry, gfn: bigint) => (leaf.mfn === null ? null : leaf.mfn + (gfn - leaf.gfn));

/** The type that a leaf has at a gfn, by the changes made since it was written. */
export function typeAt({ changes }: P2m, leaf: Leaf, gfn: bigint): string {
  const since = changes.filter(({ seq, from, end }) => seq > leaf.since && gfn >= from && gfn < end);
  return since.reduce((now, { oldTypes, type }) => (oldTypes.includes(now) ? type : now), leaf.type);
}

/** A leaf in 512 smaller ones. */
export function split({ leaves }: P2m, leaf: Leaf): void {
  for (const part of parts(leaf)) leaves.set(part.gfn, part);
}

function parts(leaf: Leaf): Leaf[] {
  const order = leaf.order - 9;
  return Array.from({ length: 512 }, (_, i) => {
    const gfn = leaf.gfn + BigInt(i) * frames(order);
    return { ...leaf, gfn, order, mfn: mfnAt(leaf, gfn) };
  });
}

/** Forgets what [gfn, gfn + 2^order) had; gfn is aligned to order. */
export function clear(table: P2m, gfn: bigint, order: number): void {
  for (let leaf = leafAt(table, gfn); leaf !== undefined && leaf.order > order; leaf = leafAt(table, gfn)) {
    split(table, leaf);
  }
  const end = gfn + frames(order);
  if (order <= 9) for (let at = gfn; at < end; at++) table.leaves.delete(at);
  else for (const at of [...table.leaves.keys()]) if (at >= gfn && at < end) table.leaves.delete(at);
}

/** Makes the entry, its gfn aligned down, of the largest leaves that Xen has. */
function place(table: P2m, entry: Entry, by: Pick<Leaf, 'writer' | 'since' | 'stale'>): void {
  const first = alignDown(entry.gfn, entry.order);
  clear(table, first, entry.order);
  const order = leafOrder(entry.order);
  for (let gfn = first; gfn < first + frames(entry.order); gfn += frames(order)) {
    table.leaves.set(gfn, { ...entry, gfn, order, mfn: mfnAt({ ...entry, gfn: first }, gfn), ...by });
  }
}

/** An entry that was there before the trace showed it. */
function learn(model: Model, table: P2m, entry: Entry, stale?: null): void {
  place(table, entry, { writer: null, since: model.now, stale });
}

/** An entry that is not what it was, whoever wrote it. */
function correct(model: Model, table: P2m, entry: Entry): void {
  endRemaps(model, table, entry);
  place(table, entry, { writer: model.now, since: model.now, stale: undefined });
}

/** The event of the moment writes an entry. */
function write(model: Model, table: P2m, entry: Entry): void {
  correct(model, table, entry);
  const first = alignDown(entry.gfn, entry.order);
  for (const gfn of table.refused.keys()) {
    if (gfn >= first && gfn < first + frames(entry.order)) table.refused.delete(gfn);
  }
  if (table.view === 'host') markStale(model, table, alignDown(entry.gfn, entry.order), entry.order);
}

/** The event shows that the entry is so now, and wrote it unless that was recorded before. gfn is aligned. */
export function imply(model: Model, table: P2m, entry: Entry): void {
  const isRefused = entry.order === 0 && table.refused.get(entry.gfn) === entry.type;
  if (!isRefused && !isSo(table, entry)) write(model, table, entry);
}

/** Leaves at least as large as the event would make them have these frames and this type, access aside. */
function isSo(table: P2m, entry: Entry): boolean {
  const order = leafOrder(entry.order);
  for (let at = entry.gfn; at < entry.gfn + frames(entry.order); at += frames(order)) {
    const leaf = leafAt(table, at);
    if (leaf === undefined || leaf.order < order) return false;
    const cuts = table.changes.flatMap(({ from, end }) => [from, end]);
    const starts = [at, ...cuts.filter(cut => cut > at && cut < at + frames(order))];
    const [was, is] = [mfnAt(leaf, at), mfnAt(entry, at)];
    if (!starts.every(start => isSameEntry(was, typeAt(table, leaf, start), is, entry.type))) return false;
  }
  return true;
}

/** Types that a lazy log-dirty change turns into each other (docs/xen.md#p2m-types, docs/xen.md#lazy-types). */
const CHANGEABLE = ['ram_rw', 'ram_logdirty', 'ioreq_server'];
const isSameType = (a: string, b: string) => a === b || [a, b].every(type => CHANGEABLE.includes(type));

/** Nothing is there: removed, or what a lookup says of nothing. */
const isHole = (mfn: bigint | null, type: string) => mfn === null && ['invalid', 'mmio_dm'].includes(type);

function isSameEntry(mfnA: bigint | null, a: string, mfnB: bigint | null, b: string): boolean {
  return mfnA === mfnB && (isSameType(a, b) || (isHole(mfnA, a) && isHole(mfnB, b)));
}

/** The same, where log-dirty makes a difference. */
export const isSameExactly = (mfnA: bigint | null, a: string, mfnB: bigint | null, b: string) =>
  mfnA === mfnB && (a === b || (isHole(mfnA, a) && isHole(mfnB, b)));

function setEntry(model: Model, event: TraceEvent): void {
  const { domid, gfn, order, p2m_type: type, mfn = null, access = null } = event;
  if (domid === undefined || gfn === undefined || order === undefined || type === undefined) return;
  if (isFailed(event)) {
    if (order === 0 && gfn < FRAMES) tableOf(model, domid, event.view).refused.set(gfn, type);
    return;
  }
  model.p2m.tornDown.delete(domid);
  write(model, tableOf(model, domid, event.view), { gfn, order, mfn, type, access });
}

function lookup(model: Model, event: TraceEvent): void {
  const { domid, gfn, mfn = null, p2m_type } = event;
  if (domid === undefined || gfn === undefined) return;
  const table = tableOf(model, domid, event.view);
  const leaf = leafAt(table, gfn);
  if (leaf !== undefined) lookupKnown(model, event, table, leaf, gfn, mfn);
  else if (isAbsent(model, table, gfn)) lookupAbsent(model, event, table, gfn, mfn);
  else if (p2m_type !== undefined) learn(model, table, shown(event, gfn, mfn, p2m_type));
}

function shown(event: TraceEvent, gfn: bigint, mfn: bigint | null, type: string): Entry {
  return { gfn, order: 0, mfn, type, access: event.access ?? null };
}

function lookupKnown(model: Model, event: TraceEvent, table: P2m, leaf: Leaf, gfn: bigint, mfn: bigint | null): void {
  const known = typeAt(table, leaf, gfn);
  const type = event.p2m_type ?? known;
  if (event.p2m_type !== undefined && isHole(mfn, type) && model.p2m.tornDown.has(table.domid)) {
    learn(model, table, shown(event, gfn, mfn, type));
    return;
  }
  if (isSameEntry(mfnAt(leaf, gfn), known, mfn, type)) return;
  model.diverge('lookup', mfnAt(leaf, gfn), mfn, leaf.writer);
  correct(model, table, { ...shown(event, gfn, mfn, type), access: event.access ?? leaf.access });
}

/**
 * A complete view has nothing there, or a copy of the host's entry, made on the fault before
 * (docs/xen.md#altp2m-views).
 */
function lookupAbsent(model: Model, event: TraceEvent, table: P2m, gfn: bigint, mfn: bigint | null): void {
  if (mfn === null) return;
  const host = effective(model, table, gfn);
  const type = event.p2m_type ?? host?.type;
  if (host === undefined || (host.mfn === mfn && type !== undefined && isSameType(host.type, type))) {
    if (type !== undefined) learn(model, table, shown(event, gfn, mfn, type));
    return;
  }
  model.diverge('lookup', null, mfn, completeSince(model, table));
  if (event.p2m_type !== undefined) correct(model, table, shown(event, gfn, mfn, event.p2m_type));
}

function changeTypes(model: Model, { domid, view, gfn, end, p2m_type: type, old_type }: TraceEvent): void {
  if (domid === undefined || gfn === undefined || end === undefined || type === undefined) return;
  const oldTypes = old_type === undefined ? ['ram_rw', 'ram_logdirty'] : [old_type];
  const table = tableOf(model, domid, view);
  if (table.changes.length === MOST_CHANGES) carryOut(table);
  table.changes.push({ from: gfn, end, oldTypes, type, seq: model.now });
}

/** Changes that a p2m remembers. */
const MOST_CHANGES = 256;

/** Every entry gets the types that it reads as. */
function carryOut(table: P2m): void {
  const leaves = [...table.leaves.values()].flatMap(leaf => uncut(table, leaf));
  table.leaves.clear();
  for (const leaf of leaves) table.leaves.set(leaf.gfn, { ...leaf, type: typeAt(table, leaf, leaf.gfn) });
  table.changes.length = 0;
}

/** A leaf, in the parts that changes of types have cut it into. */
export function uncut(table: P2m, leaf: Leaf): Leaf[] {
  const end = leaf.gfn + frames(leaf.order);
  const isCut = table.changes.some(
    ({ seq, from, end: to }) => seq > leaf.since && from < end && to > leaf.gfn && (from > leaf.gfn || to < end),
  );
  return isCut ? parts(leaf).flatMap(part => uncut(table, part)) : [leaf];
}

function setM2p(model: Model, { mfn, gfn, flags }: TraceEvent, since: number | null): void {
  if (mfn === undefined) return;
  model.p2m.m2p.set(mfn, { value: flags?.includes('shared') ? 'shared' : (gfn ?? 'invalid'), since });
}

function snapshot(model: Model, event: TraceEvent): void {
  const { domid, view, gfn, mfn = null, order = 0, p2m_type: type, access = null } = event;
  if (snapshotOf(event) !== 'entry' || domid === undefined || gfn === undefined || type === undefined) return;
  if (isFailed(event)) {
    tableOf(model, domid, view).refused.set(gfn, type);
    return;
  }
  const stale = event.flags?.includes('stale') ? null : undefined;
  learn(model, tableOf(model, domid, view), { gfn, order, mfn, type, access }, stale);
}

function domainCreate(model: Model, { domid }: TraceEvent): void {
  for (const [key, table] of model.p2m.tables) if (table.domid === domid) model.p2m.tables.delete(key);
  if (domid !== undefined) model.p2m.tornDown.delete(domid);
}

export const p2m: Mechanism = {
  set_entry: setEntry,
  lookup,
  type_change_range: changeTypes,
  snapshot_type_change: changeTypes,
  m2p_set: (model, event) => setM2p(model, event, model.now),
  snapshot,
  snapshot_m2p: (model, event) => setM2p(model, event, null),
  domain_create: domainCreate,
};
