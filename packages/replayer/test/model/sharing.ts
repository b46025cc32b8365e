import type { TraceEvent } from './event.js';
import { isFailed, type Mechanism, type Model } from './model.js';
import { clear, frames, imply, leafAt, mfnAt, tableOf } from './p2m.js';

/** The reverse map of a shared frame (X§5.3). */
interface Rmap {
  /** `domid gfn`, by the event since which it is there. */
  readonly gfns: Map<string, number>;
  /** Nothing else is in it: the trace saw the frame nominated. */
  complete: boolean;
}

export const newSharing = () => new Map<bigint, Rmap>();

function rmapOf(model: Model, mfn: bigint): Rmap {
  const found = model.sharing.get(mfn) ?? { gfns: new Map(), complete: false };
  model.sharing.set(mfn, found);
  return found;
}

const isShared = (model: Model, domid: number, gfn: bigint, mfn: bigint) => {
  const leaf = leafAt(tableOf(model, domid), gfn);
  return leaf !== undefined && leaf.type === 'ram_shared' && mfnAt(leaf, gfn) === mfn;
};

type Change = (model: Model, domid: number, gfn: bigint, mfn: bigint, event: TraceEvent) => void;

function change(apply: Change) {
  return (model: Model, event: TraceEvent) => {
    const { domid, gfn, mfn } = event;
    if (domid === undefined || gfn === undefined || mfn === undefined) return;
    if (!isFailed(event)) apply(model, domid, gfn, mfn, event);
    checkCount(model, mfn, event);
  };
}

function checkCount(model: Model, mfn: bigint, { rmap_count }: TraceEvent): void {
  const rmap = model.sharing.get(mfn);
  if (rmap?.complete) model.check('rmap_count', BigInt(rmap.gfns.size), rmap_count);
}

const join: Change = (model, domid, gfn, mfn) => {
  const { gfns } = rmapOf(model, mfn);
  const key = `${domid} ${gfn}`;
  if (!gfns.has(key)) gfns.set(key, model.now);
};
const leave: Change = (model, domid, gfn, mfn) => {
  rmapOf(model, mfn).gfns.delete(`${domid} ${gfn}`);
};

const nominate: Change = (model, domid, gfn, mfn) => {
  model.sharing.set(mfn, { gfns: new Map([[`${domid} ${gfn}`, model.now]]), complete: true });
  imply(model, domid, { gfn, order: 0, mfn, type: 'ram_shared' });
};

const share: Change = (model, domid, gfn, mfn, event) => {
  for (const [other, { gfns }] of model.sharing) if (other !== mfn) gfns.delete(`${domid} ${gfn}`);
  join(model, domid, gfn, mfn, event);
  imply(model, domid, { gfn, order: 0, mfn, type: 'ram_shared' });
};

const unshare: Change = (model, domid, gfn, mfn, event) => {
  leave(model, domid, gfn, mfn, event);
  if (!isShared(model, domid, gfn, mfn)) return;
  const { gfns, complete } = rmapOf(model, mfn);
  // The last one keeps the page (page_make_private), any other gets a copy that the event does not name.
  const isLast = event.rmap_count === undefined ? complete && gfns.size === 0 : event.rmap_count === 0n;
  if (isLast) imply(model, domid, { gfn, order: 0, mfn, type: 'ram_rw' });
  else clear(tableOf(model, domid), gfn, 0);
};

function pageFree(model: Model, { mfn, order = 0 }: TraceEvent): void {
  if (mfn === undefined) return;
  for (let i = 0n; i < frames(order); i++) model.sharing.delete(mfn + i);
}

export const sharing: Mechanism = {
  share_nominate: change(nominate),
  share_pages: change(share),
  rmap_add: change(join),
  rmap_del: change(leave),
  unshare: change(unshare),
  page_free: pageFree,
};
