import type { TraceEvent } from './event.js';
import { isFailed, type Mechanism, type Model } from './model.js';
import { alignDown, clear, frames, type Leaf, leafAt, mfnAt, type P2m, tableOf, write } from './p2m.js';

/** altp2m views besides their entries (X§6), by `domid view`. */
export const newViews = () => ({
  /** Views that the trace saw empty: what they lack is absent. */
  complete: new Set<string>(),
  /** By `domid view gfn`: what the gfn was remapped to. */
  remaps: new Map<string, bigint>(),
});

const isAltp2m = (view: string) => view.startsWith('altp2m:');
const keyOf = ({ domid, view }: P2m) => `${domid} ${view}`;

function forgetRemaps(model: Model, table: P2m): void {
  for (const key of model.views.remaps.keys()) if (key.startsWith(`${keyOf(table)} `)) model.views.remaps.delete(key);
}

/** view_create and view_reset */
function empty(model: Model, { domid, view }: TraceEvent): void {
  if (domid === undefined || view === undefined) return;
  const table = tableOf(model, domid, view);
  table.leaves.clear();
  forgetRemaps(model, table);
  model.views.complete.add(keyOf(table));
}

function destroy(model: Model, { domid, view }: TraceEvent): void {
  if (domid === undefined || view === undefined) return;
  const table = tableOf(model, domid, view);
  forgetRemaps(model, table);
  model.views.complete.delete(keyOf(table));
  model.p2m.tables.delete(keyOf(table));
}

/** What a gfn is in a view: its own entry, else the host's, where it is known that there is none of its own. */
function effective(model: Model, view: P2m, gfn: bigint): Leaf | undefined {
  const own = leafAt(view, gfn);
  if (own !== undefined || !model.views.complete.has(keyOf(view))) return own;
  return leafAt(tableOf(model, view.domid), gfn);
}

function remap(model: Model, event: TraceEvent): void {
  const { domid, view, gfn, new_gfn } = event;
  if (domid === undefined || view === undefined || gfn === undefined || isFailed(event)) return;
  const table = tableOf(model, domid, view);
  const source = new_gfn === undefined ? undefined : effective(model, table, new_gfn);
  if (source === undefined || new_gfn === undefined) clear(table, gfn, 0);
  else write(model, table, { ...source, gfn, order: 0, mfn: mfnAt(source, new_gfn) });
  if (new_gfn === undefined) model.views.remaps.delete(`${keyOf(table)} ${gfn}`);
  else model.views.remaps.set(`${keyOf(table)} ${gfn}`, new_gfn);
}

/** Remaps in a range end when it is written with another mfn. */
export function endRemaps(model: Model, table: P2m, { gfn, order, mfn }: Pick<Leaf, 'gfn' | 'order' | 'mfn'>): void {
  const first = alignDown(gfn, order);
  for (const at of remapsIn(model, table, first, first + frames(order))) {
    const leaf = leafAt(table, at);
    const written = mfn === null ? null : mfn + (at - first);
    if (leaf === undefined || mfnAt(leaf, at) !== written) model.views.remaps.delete(`${keyOf(table)} ${at}`);
  }
}

/** The host wrote a range: entries of the domain's views that now differ are behind it. */
export function markStale(model: Model, host: P2m, gfn: bigint, order: number): void {
  const end = gfn + frames(order);
  for (const view of model.p2m.tables.values()) {
    if (view.domid !== host.domid || !isAltp2m(view.view)) continue;
    for (const leaf of [...view.leaves.values()]) {
      if (leaf.stale === null && differs(model, view, leaf, host, gfn, end)) {
        view.leaves.set(leaf.gfn, { ...leaf, stale: model.now });
      }
    }
  }
}

/** Somewhere in [from, end), but for remaps, the leaf of a view is not what the host has. */
function differs(model: Model, view: P2m, leaf: Leaf, host: P2m, from: bigint, end: bigint): boolean {
  const last = min(end, leaf.gfn + frames(leaf.order));
  for (let at = from > leaf.gfn ? from : leaf.gfn; at < last; ) {
    const hosts = leafAt(host, at) as Leaf;
    // Two leaves are the same, or not, in all that they have in common.
    const next = min(last, hosts.gfn + frames(hosts.order));
    const same = mfnAt(hosts, at) === mfnAt(leaf, at) && hosts.type === leaf.type;
    if (!same && remapsIn(model, view, at, next).length < next - at) return true;
    at = next;
  }
  return false;
}

const min = (a: bigint, b: bigint) => (a < b ? a : b);

function remapsIn(model: Model, view: P2m, from: bigint, end: bigint): bigint[] {
  const mine = [...model.views.remaps.keys()].filter(key => key.startsWith(`${keyOf(view)} `));
  return mine.map(key => BigInt(key.split(' ')[2])).filter(gfn => gfn >= from && gfn < end);
}

/**
 * What a lookup is held against where a complete view lacks the gfn: 'absent' where it shows just that, else the
 * host's entry (undefined for unknown).
 */
export function absentEntry(model: Model, table: P2m, gfn: bigint, seen: bigint | null): Leaf | 'absent' | undefined {
  if (!model.views.complete.has(keyOf(table))) return undefined;
  return seen === null ? 'absent' : leafAt(tableOf(model, table.domid), gfn);
}

export const views: Mechanism = {
  view_create: empty,
  view_reset: empty,
  view_destroy: destroy,
  remap,
  domain_create: (model, { domid }) => {
    for (const keys of [model.views.complete, model.views.remaps]) {
      for (const key of keys.keys()) if (key.startsWith(`${domid} `)) keys.delete(key);
    }
  },
};
