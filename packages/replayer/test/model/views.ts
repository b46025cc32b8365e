import type { TraceEvent } from './event.js';
import type { Mechanism, Model } from './model.js';
import {
  alignDown,
  clear,
  type Entry,
  frames,
  imply,
  isSameExactly,
  type Leaf,
  leafAt,
  mfnAt,
  type P2m,
  tableOf,
  typeAt,
} from './p2m.js';

/** altp2m views besides their entries (docs/xen.md#altp2m-views), by `domid view`. */
export const newViews = () => ({
  /** Views that the trace saw empty, and since when; null for before the trace. What they lack is absent. */
  complete: new Map<string, number | null>(),
  /** By `domid view gfn`: what the gfn was remapped to. */
  remaps: new Map<string, bigint>(),
});

export const isAltp2m = (view: string | undefined) => view?.startsWith('altp2m:') === true;
const keyOf = ({ domid, view }: P2m) => `${domid} ${view}`;

/** The p2m of the altp2m view that an event is about. */
function viewOf(model: Model, { domid, view }: TraceEvent): P2m | undefined {
  return domid === undefined || !isAltp2m(view) ? undefined : tableOf(model, domid, view);
}

/** view_create and view_reset; destroyed, it is as one that the trace has not met. */
function empty(isComplete: boolean) {
  return (model: Model, event: TraceEvent) => {
    const table = viewOf(model, event);
    if (table === undefined) return;
    model.p2m.tables.delete(keyOf(table));
    for (const key of model.views.remaps.keys()) if (key.startsWith(`${keyOf(table)} `)) model.views.remaps.delete(key);
    if (isComplete) model.views.complete.set(keyOf(table), model.now);
    else model.views.complete.delete(keyOf(table));
  };
}

/** What a view shows at a gfn: its own entry, else the host's where it is known that there is none of its own. */
export function effective(model: Model, view: P2m, gfn: bigint): Omit<Entry, 'gfn' | 'order'> | undefined {
  const own = leafAt(view, gfn);
  if (own === undefined && !isAbsent(model, view, gfn)) return undefined;
  const table = own === undefined ? tableOf(model, view.domid) : view;
  const leaf = own ?? leafAt(table, gfn);
  return leaf && { mfn: mfnAt(leaf, gfn), type: typeAt(table, leaf, gfn), access: leaf.access };
}

export const completeSince = (model: Model, view: P2m) => model.views.complete.get(keyOf(view)) ?? null;

/** A complete view has no entry there; a remap's target may be unknown, but it is there. */
export function isAbsent(model: Model, view: P2m, gfn: bigint): boolean {
  return model.views.complete.has(keyOf(view)) && !model.views.remaps.has(`${keyOf(view)} ${gfn}`);
}

function remap(model: Model, event: TraceEvent): void {
  const { gfn, new_gfn } = event;
  const table = viewOf(model, event);
  if (table === undefined || gfn === undefined) return;
  const shown = new_gfn === undefined ? undefined : effective(model, table, new_gfn);
  if (shown === undefined) clear(table, gfn, 0);
  else imply(model, table, { ...shown, gfn, order: 0 });
  if (new_gfn === undefined) model.views.remaps.delete(`${keyOf(table)} ${gfn}`);
  else model.views.remaps.set(`${keyOf(table)} ${gfn}`, new_gfn);
}

function remapsIn(model: Model, view: P2m, from: bigint, end: bigint): bigint[] {
  const mine = [...model.views.remaps.keys()].filter(key => key.startsWith(`${keyOf(view)} `));
  return mine.map(key => BigInt(key.split(' ')[2])).filter(gfn => gfn >= from && gfn < end);
}

/** Remaps in a range end when it is written with another mfn; of one whose entry is unknown nobody can tell. */
export function endRemaps(model: Model, table: P2m, { gfn, order, mfn }: Entry): void {
  const first = alignDown(gfn, order);
  for (const at of remapsIn(model, table, first, first + frames(order))) {
    const leaf = leafAt(table, at);
    const written = mfn === null ? null : mfn + (at - first);
    if (leaf !== undefined && mfnAt(leaf, at) !== written) model.views.remaps.delete(`${keyOf(table)} ${at}`);
  }
}

/** The host wrote a range: entries of the domain's views that now differ are behind it. */
export function markStale(model: Model, host: P2m, gfn: bigint, order: number): void {
  const end = gfn + frames(order);
  for (const view of model.p2m.tables.values()) {
    if (view.domid !== host.domid || !isAltp2m(view.view)) continue;
    for (const leaf of [...view.leaves.values()]) {
      const [from, to] = [max(gfn, leaf.gfn), min(end, leaf.gfn + frames(leaf.order))];
      if (differs(model, view, host, from, to)) leaveBehind(model, view, leaf);
    }
    for (const at of remapsIn(model, view, 0n, 1n << 52n)) {
      const newGfn = model.views.remaps.get(`${keyOf(view)} ${at}`) ?? -1n;
      if (newGfn >= gfn && newGfn < end) markRemap(model, view, host, at, newGfn);
    }
  }
}

function leaveBehind(model: Model, view: P2m, leaf: Leaf): void {
  if (leaf.stale === undefined) view.leaves.set(leaf.gfn, { ...leaf, stale: model.now });
}

/** The host wrote what a gfn of a view is remapped to. */
function markRemap(model: Model, view: P2m, host: P2m, gfn: bigint, newGfn: bigint): void {
  const [mine, hosts] = [leafAt(view, gfn), leafAt(host, newGfn)];
  if (mine === undefined || hosts === undefined) return;
  const [was, is] = [typeAt(view, mine, gfn), typeAt(host, hosts, newGfn)];
  if (!isSameExactly(mfnAt(mine, gfn), was, mfnAt(hosts, newGfn), is)) leaveBehind(model, view, mine);
}

/** Somewhere in [from, end), but for remaps, a view has another mfn or type than the host. */
function differs(model: Model, view: P2m, host: P2m, from: bigint, end: bigint): boolean {
  for (let at = from; at < end; ) {
    const [mine, hosts] = [leafAt(view, at), leafAt(host, at)];
    if (mine === undefined || hosts === undefined) return false;
    const [was, is] = [typeAt(view, mine, at), typeAt(host, hosts, at)];
    const isSame = isSameExactly(mfnAt(mine, at), was, mfnAt(hosts, at), is);
    // Where no type changes in between, two leaves are the same, or not, in all that they have in common.
    const step = [...view.changes, ...host.changes].flatMap(change => [change.from, change.end]);
    const ends = [end, mine.gfn + frames(mine.order), hosts.gfn + frames(hosts.order), ...step];
    const next = ends.filter(other => other > at).reduce(min);
    if (!isSame && remapsIn(model, view, at, next).length < next - at) return true;
    at = next;
  }
  return false;
}

const min = (a: bigint, b: bigint) => (a < b ? a : b);
const max = (a: bigint, b: bigint) => (a > b ? a : b);

export const views: Mechanism = {
  view_create: empty(true),
  view_reset: empty(true),
  view_destroy: empty(false),
  remap,
  snapshot_view: (model, event) => {
    const table = viewOf(model, event);
    if (table !== undefined) model.views.complete.set(keyOf(table), null);
  },
  snapshot_remap: (model, event) => {
    const { gfn, new_gfn } = event;
    const table = viewOf(model, event);
    if (table === undefined || gfn === undefined || new_gfn === undefined) return;
    model.views.remaps.set(`${keyOf(table)} ${gfn}`, new_gfn);
  },
  domain_create: (model, { domid }) => {
    for (const keys of [model.views.complete, model.views.remaps]) {
      for (const key of keys.keys()) if (key.startsWith(`${domid} `)) keys.delete(key);
    }
  },
};
