import type { TraceEvent } from './event.js';
import { isFailed, type Mechanism, type Model } from './model.js';
import { clear, frames, imply, leafAt, mfnAt, tableOf, typeAt } from './p2m.js';

/** The reverse map of a shared frame (docs/xen.md#sharing-invariants). */
interface Rmap {
  /** `domid gfn`, by the event since which it is there; null for before the trace. */
  readonly gfns: Map<string, number | null>;
  /** Nothing else is in it: the trace saw the frame nominated. */
  complete: boolean;
}

/** By mfn; an rmap without members is none. */
export const newSharing = () => new Map<bigint, Rmap>();

function rmapOf(model: Model, mfn: bigint): Rmap {
  const found = model.sharing.get(mfn) ?? { gfns: new Map(), complete: false };
  model.sharing.set(mfn, found);
  return found;
}

function forgetEmpty(model: Model): void {
  for (const [mfn, { gfns }] of model.sharing) if (gfns.size === 0) model.sharing.delete(mfn);
}

type Change = (model: Model, domid: number, gfn: bigint, mfn: bigint, event: TraceEvent) => void;

function change(apply: Change) {
  return (model: Model, event: TraceEvent) => {
    const { domid, gfn, mfn, rmap_count } = event;
    if (domid === undefined || gfn === undefined || mfn === undefined) return;
    if (!isFailed(event)) apply(model, domid, gfn, mfn, event);
    const rmap = model.sharing.get(mfn);
    const isTold = !(event.kind === 'unshare' && model.setup.hasRmapDel);
    if (isTold && rmap?.complete && rmap_count !== undefined && rmap_count !== BigInt(rmap.gfns.size)) {
      model.diverge('rmap_count', BigInt(rmap.gfns.size), rmap_count);
      rmap.complete = false;
    }
    forgetEmpty(model);
  };
}

const join: Change = (model, domid, gfn, mfn) => {
  const { gfns } = rmapOf(model, mfn);
  if (!gfns.has(`${domid} ${gfn}`)) gfns.set(`${domid} ${gfn}`, model.now);
};

const leave: Change = (model, domid, gfn, mfn) => {
  model.sharing.get(mfn)?.gfns.delete(`${domid} ${gfn}`);
};

const nominate: Change = (model, domid, gfn, mfn) => {
  model.sharing.set(mfn, { gfns: new Map([[`${domid} ${gfn}`, model.now]]), complete: true });
  imply(model, tableOf(model, domid), { gfn, order: 0, mfn, type: 'ram_shared', access: null });
};

const share: Change = (model, domid, gfn, mfn, event) => {
  if (!model.setup.hasRmapDel) {
    for (const other of model.sharing.keys()) if (other !== mfn) leave(model, domid, gfn, other, event);
  }
  join(model, domid, gfn, mfn, event);
  imply(model, tableOf(model, domid), { gfn, order: 0, mfn, type: 'ram_shared', access: null });
};

const unshare: Change = (model, domid, gfn, mfn, event) => {
  const { hasRmapDel, hasResults } = model.setup;
  if (!hasRmapDel) leave(model, domid, gfn, mfn, event);
  else if (hasResults) return;
  const table = tableOf(model, domid);
  const leaf = leafAt(table, gfn);
  if (leaf === undefined || mfnAt(leaf, gfn) !== mfn || typeAt(table, leaf, gfn) !== 'ram_shared') return;
  // The last one keeps the page (page_make_private), any other gets a copy that the event does not name.
  const rmap = model.sharing.get(mfn);
  const isLast = event.rmap_count === undefined ? rmap?.complete && rmap.gfns.size === 0 : event.rmap_count === 0n;
  if (isLast) imply(model, table, { gfn, order: 0, mfn, type: 'ram_rw', access: null });
  else clear(table, gfn, 0);
};

function snapshot(model: Model, { domid, gfn, mfn, rmap_count }: TraceEvent): void {
  if (domid === undefined || gfn === undefined || mfn === undefined) return;
  const rmap = rmapOf(model, mfn);
  if (!rmap.gfns.has(`${domid} ${gfn}`)) rmap.gfns.set(`${domid} ${gfn}`, null);
  if (rmap_count !== undefined) rmap.complete = true;
}

export const sharing: Mechanism = {
  share_nominate: change(nominate),
  share_pages: change(share),
  rmap_add: change(join),
  rmap_del: change(leave),
  unshare: change(unshare),
  snapshot_rmap: snapshot,
  page_free: (model, { mfn, order = 0 }) => {
    if (mfn !== undefined) for (let i = 0n; i < frames(order); i++) model.sharing.delete(mfn + i);
  },
};
