import type { TraceEvent } from './event.js';
import { isFailed, type Mechanism, type Model } from './model.js';
import { absentEntry, endRemaps, markStale } from './views.js';

/** A p2m entry of 2^order frames, order 0, 9 or 18. */
export interface Leaf {
  readonly gfn: bigint;
  readonly order: number;
  /** Machine frame of gfn; null for none. */
  readonly mfn: bigint | null;
  readonly type: string;
  readonly access: string | null;
  /** The event that wrote it; null where it was there before the trace showed it. */
  readonly writer: number | null;
  /** Of an altp2m view: the host's write since which it is behind the host; null where it is not. */
  readonly stale: number | null;
}

/** What an event says of an entry. */
export interface Entry extends Omit<Leaf, 'stale' | 'writer'> {}

/** The known entries of one p2m: leaves by their first gfn, none of which overlap. */
export interface P2m {
  readonly domid: number;
  readonly view: string;
  readonly leaves: Map<bigint, Leaf>;
}

export const newP2m = () => ({
  tables: new Map<string, P2m>(),
  /** What the M2P says of an mfn, where that is known. */
  m2p: new Map<bigint, bigint | 'invalid' | 'shared'>(),
});

export function tableOf(model: Model, domid: number, view = 'host'): P2m {
  const key = `${domid} ${view}`;
  let table = model.p2m.tables.get(key);
  if (table === undefined) {
    table = { domid, view, leaves: new Map() };
    model.p2m.tables.set(key, table);
  }
  return table;
}

export const alignDown = (frame: bigint, order: number) => (frame >> BigInt(order)) << BigInt(order);
export const frames = (order: number) => 1n << BigInt(order);
const leafOrder = (order: number) => (order >= 18 ? 18 : order >= 9 ? 9 : 0);

/** The leaf around a gfn. */
export function leafAt({ leaves }: P2m, gfn: bigint): Leaf | undefined {
  return [0, 9, 18]
    .map(order => leaves.get(alignDown(gfn, order)))
    .find(leaf => leaf !== undefined && gfn < leaf.gfn + frames(leaf.order));
}

/** The mfn that a leaf maps gfn to. */
export const mfnAt = (leaf: Leaf, gfn: bigint) => (leaf.mfn === null ? null : leaf.mfn + (gfn - leaf.gfn));

/** A leaf in 512 smaller ones. */
export function split({ leaves }: P2m, leaf: Leaf): void {
  const order = leaf.order - 9;
  for (let i = 0n; i < 512n; i++) {
    const gfn = leaf.gfn + i * frames(order);
    leaves.set(gfn, { ...leaf, gfn, order, mfn: mfnAt(leaf, gfn) });
  }
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

/** Makes [gfn, gfn + 2^order), gfn aligned down, leaves of the largest order that Xen has. */
function place(table: P2m, entry: Entry, writer: number | null): void {
  const first = alignDown(entry.gfn, entry.order);
  clear(table, first, entry.order);
  const order = leafOrder(entry.order);
  for (let gfn = first; gfn < first + frames(entry.order); gfn += frames(order)) {
    const mfn = entry.mfn === null ? null : entry.mfn + (gfn - first);
    table.leaves.set(gfn, { ...entry, gfn, order, mfn, writer, stale: null });
  }
}

/** An entry that was there before the trace showed it. */
export const learn = (table: P2m, entry: Entry) => place(table, entry, null);

/** The event of the moment writes an entry. */
export function write(model: Model, table: P2m, entry: Entry): void {
  endRemaps(model, table, entry);
  place(table, entry, model.now);
  if (table.view === 'host') markStale(model, table, alignDown(entry.gfn, entry.order), entry.order);
}

/** The entry is so after the event, whoever wrote it. */
function isSo(table: P2m, { gfn, order, mfn, type }: Entry): boolean {
  const step = leafOrder(order);
  for (let at = gfn; at < gfn + frames(order); at += frames(step)) {
    const leaf = leafAt(table, at);
    if (leaf === undefined || leaf.type !== type) return false;
    if (mfnAt(leaf, at) !== (mfn === null ? null : mfn + (at - gfn))) return false;
    if (step > 0 && leaf.order !== step) return false;
  }
  return true;
}

/** The event shows that the host's entry is so now; it wrote it unless that was recorded before. */
export function imply(model: Model, domid: number, entry: Omit<Entry, 'access'>): void {
  const table = tableOf(model, domid);
  const written: Entry = { ...entry, access: null };
  if (!isSo(table, written)) write(model, table, written);
}

/** Types that a lazy log-dirty change turns into each other (X§3.1, X§3.3). */
const CHANGEABLE = ['ram_rw', 'ram_logdirty', 'ioreq_server'];
const isSameType = (a: string, b: string) => a === b || [a, b].every(type => CHANGEABLE.includes(type));

function setEntry(model: Model, event: TraceEvent): void {
  const { domid, gfn, order, p2m_type: type, mfn = null, access = null } = event;
  if (domid === undefined || gfn === undefined || order === undefined || type === undefined) return;
  if (isFailed(event) || (event.flags?.includes('attempt') && model.setup.hasResults)) return;
  write(model, tableOf(model, domid, event.view), { gfn, order, mfn, type, access });
}

function lookup(model: Model, event: TraceEvent): void {
  const { domid, gfn, p2m_type: type, mfn = null } = event;
  if (domid === undefined || gfn === undefined) return;
  const table = tableOf(model, domid, event.view);
  const leaf = leafAt(table, gfn) ?? absentEntry(model, table, gfn, mfn);
  if (leaf === 'absent') return;
  const isKnown = leaf !== undefined;
  if (leaf !== undefined) {
    const expected = mfnAt(leaf, gfn);
    if (expected === mfn && (type === undefined || isSameType(leaf.type, type))) return;
    model.diverge('lookup', expected, mfn);
  }
  if (type === undefined) return;
  const entry = { gfn, order: 0, mfn, type, access: event.access ?? leaf?.access ?? null };
  if (isKnown) write(model, table, entry);
  else learn(table, entry);
}

function m2pSet(model: Model, { mfn, gfn, flags }: TraceEvent): void {
  if (mfn === undefined) return;
  model.p2m.m2p.set(mfn, flags?.includes('shared') ? 'shared' : (gfn ?? 'invalid'));
}

function snapshot(model: Model, event: TraceEvent): void {
  const { lock, domid, view, gfn, mfn = null, order = 0, p2m_type: type, access = null } = event;
  if (lock !== undefined || domid === undefined || gfn === undefined || type === undefined) return;
  learn(tableOf(model, domid, view), { gfn, order, mfn, type, access });
}

function domainCreate(model: Model, { domid }: TraceEvent): void {
  for (const [key, table] of model.p2m.tables) if (table.domid === domid) model.p2m.tables.delete(key);
}

export const p2m: Mechanism = {
  set_entry: setEntry,
  lookup,
  m2p_set: m2pSet,
  snapshot,
  domain_create: domainCreate,
};
