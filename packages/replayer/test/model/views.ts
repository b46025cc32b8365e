import type { TraceEvent } from './event.js';
import { isFailed, type Mechanism, type Model } from './model.js';
import { alignDown, clear, frames, type Leaf, leafAt, mfnAt, type P2m, split, tableOf, write } from './p2m.js';

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
  else write(table, { ...source, gfn, order: 0, mfn: mfnAt(source, new_gfn), writer: model.now });
  if (new_gfn === undefined) model.views.remaps.delete(`${keyOf(table)} ${gfn}`);
  else model.views.remaps.set(`${keyOf(table)} ${gfn}`, new_gfn);
}
