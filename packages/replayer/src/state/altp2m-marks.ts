import { alignDown, framesOf } from '../memory/order.js';
import type { P2mTable } from '../tables/p2m-table.js';
import { isHole } from './holes.js';

/** A view's entries of [gfn, gfn + 2^order) are written: those that get another mfn are no longer remaps. */
export function endRemaps(view: P2mTable, gfn: number, mfn: number, order: number): void {
  const first = alignDown(gfn, order);
  const endOne = (at: number) => {
    if (!view.find(at)) return;
    const given = mfn < 0 ? mfn : mfn + (at - first);
    if (view.foundMfn(at) !== given) view.remaps.remove(at);
  };
  view.remaps.forEachOf(first, framesOf(order), endOne);
}

/**
 * The host's entries of [gfn, gfn + 2^order) were written: a view's entry that now differs in mfn or type is stale
 * (docs/xen.md#propagate-change: propagation shows in the events recorded for it). A remapped entry is compared with
 * the gfn that it is remapped to (docs/xen.md#thread-altp2m-shared: "altp2m gfn O will still point to mA").
 */
export function markStale(view: P2mTable, host: P2mTable, gfn: number, order: number, seq: number): void {
  const first = alignDown(gfn, order);
  const end = first + framesOf(order);
  view.forEachOverlap(first, order, leafGfn => {
    const leafEnd = leafGfn + framesOf(view.foundOrder);
    if (differs(view, host, Math.max(first, leafGfn), Math.min(end, leafEnd))) {
      view.find(leafGfn);
      view.markStale(seq);
    }
  });
  view.remaps.forEachTo(first, framesOf(order), (remapped, newGfn) => {
    if (!view.find(remapped) || !host.find(newGfn)) return;
    if (!isSame(view, remapped, host, newGfn)) view.markStale(seq);
  });
}

/** True if some gfn of [from, end), covered by one leaf of the view, differs in the host and is not remapped. */
function differs(view: P2mTable, host: P2mTable, from: number, end: number): boolean {
  for (let gfn = from; gfn < end; ) {
    view.find(gfn);
    host.find(gfn);
    const order = Math.min(view.orderAt(gfn), host.orderAt(gfn));
    const same = isSame(view, gfn, host, gfn);
    if (!same && view.remaps.of(gfn) < 0) return true;
    gfn = order === 0 ? gfn + 1 : same ? alignDown(gfn, order) + framesOf(order) : gfn + 1;
  }
  return false;
}

/** True if what the two tables found has the same mfn and type at their gfns, or is a hole in both. */
function isSame(a: P2mTable, gfnA: number, b: P2mTable, gfnB: number): boolean {
  const [mfnA, mfnB] = [a.foundMfn(gfnA), b.foundMfn(gfnB)];
  const [typeA, typeB] = [a.typeAt(gfnA), b.typeAt(gfnB)];
  return mfnA === mfnB && (typeA === typeB || (isHole(typeA, mfnA) && isHole(typeB, mfnB)));
}
