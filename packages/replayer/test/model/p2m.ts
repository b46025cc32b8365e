import type { TraceEvent } from './event.js';
import { isFailed, type Mechanism, type Model } from './model.js';

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
}

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

/** Writes [gfn, gfn + 2^order), gfn aligned down, in leaves of the largest order that Xen has. */
export function write(table: P2m, entry: Leaf): void {
  const first = alignDown(entry.gfn, entry.order);
  clear(table, first, entry.order);
  const order = leafOrder(entry.order);
  for (let gfn = first; gfn < first + frames(entry.order); gfn += frames(order)) {
    table.leaves.set(gfn, { ...entry, gfn, order, mfn: entry.mfn === null ? null : entry.mfn + (gfn - first) });
  }
}

const isLogDirtyPair = (a: string, b: string) =>
  [a, b].every(type => type === 'ram_rw' || type === 'ram_logdirty');

function setEntry(model: Model, event: TraceEvent): void {
  const { domid, gfn, order, p2m_type, mfn = null, access = null } = event;
  if (domid === undefined || gfn === undefined || order === undefined || p2m_type === undefined) return;
  if (isFailed(event) || (event.flags?.includes('attempt') && model.setup.hasResults)) return;
  write(tableOf(model, domid, event.view), { gfn, order, mfn, type: p2m_type, access, writer: model.now });
}

function lookup(model: Model, event: TraceEvent): void {
  const { domid, gfn, p2m_type, mfn = null, access = null } = event;
  if (domid === undefined || gfn === undefined || p2m_type === undefined) return;
  const table = tableOf(model, domid, event.view);
  const leaf = leafAt(table, gfn);
  if (leaf !== undefined) {
    const expected = mfnAt(leaf, gfn);
    const same = expected === mfn && (leaf.type === p2m_type || isLogDirtyPair(leaf.type, p2m_type));
    if (same) return;
    model.divergences.push({ seq: model.now, about: 'lookup', expected, seen: mfn });
  }
  write(table, { gfn, order: 0, mfn, type: p2m_type, access, writer: null });
}

function m2pSet(model: Model, { mfn, gfn, flags }: TraceEvent): void {
  if (mfn === undefined) return;
  model.p2m.m2p.set(mfn, flags?.includes('shared') ? 'shared' : (gfn ?? 'invalid'));
}

function snapshot(model: Model, { lock, domid, view, gfn, mfn = null, order = 0, p2m_type, access = null }: TraceEvent) {
  if (lock !== undefined || domid === undefined || gfn === undefined || p2m_type === undefined) return;
  write(tableOf(model, domid, view), { gfn, order, mfn, type: p2m_type, access, writer: null });
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
