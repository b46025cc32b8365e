import type { TraceEvent } from './event.js';
import type { Mechanism, Model } from './model.js';
import { alignDown, frames, imply, leafAt, split, tableOf } from './p2m.js';

/** Populate-on-demand of a domain (X§5.1); what is undefined is unknown. */
interface Pod {
  count: bigint | undefined;
  entry_count: bigint | undefined;
  /** Entries of reclaims whose cache add is still to come. */
  pending: bigint;
  /** Machine frames known to be in the cache. */
  readonly cache: Set<bigint>;
  /** How often, by order. */
  readonly populated: Map<number, number>;
  readonly reclaimed: Map<number, number>;
  readonly splintered: Map<number, number>;
}

export const newPod = () => new Map<number, Pod>();

function podOf(model: Model, domid: number): Pod {
  const found = model.pod.get(domid) ?? {
    count: undefined,
    entry_count: undefined,
    pending: 0n,
    cache: new Set(),
    populated: new Map(),
    reclaimed: new Map(),
    splintered: new Map(),
  };
  model.pod.set(domid, found);
  return found;
}

const bump = (counts: Map<number, number>, order: number) => counts.set(order, (counts.get(order) ?? 0) + 1);

function framesFrom(mfn: bigint, order: number): bigint[] {
  return Array.from({ length: Number(frames(order)) }, (_, i) => mfn + BigInt(i));
}

/** pod_cache_add and pod_cache_get */
function cacheMoves(sign: 1n | -1n) {
  return (model: Model, { domid, mfn, order = 0, count, entry_count }: TraceEvent) => {
    if (domid === undefined || mfn === undefined) return;
    const pod = podOf(model, domid);
    const expected = pod.count === undefined ? undefined : pod.count + sign * frames(order);
    model.check('pod_count', expected, count);
    pod.count = count ?? expected;
    model.check('pod_entry_count', pod.entry_count, entry_count);
    pod.entry_count = entry_count ?? pod.entry_count;
    for (const frame of framesFrom(mfn, order)) {
      if (sign > 0n) pod.cache.add(frame);
      else pod.cache.delete(frame);
    }
    if (sign < 0n) return;
    if (pod.entry_count !== undefined) pod.entry_count += pod.pending;
    pod.pending = 0n;
  };
}

function populate(model: Model, { domid, gfn, mfn, order = 0 }: TraceEvent): void {
  if (domid === undefined || gfn === undefined || mfn === undefined) return;
  const pod = podOf(model, domid);
  imply(model, domid, { gfn: alignDown(gfn, order), order, mfn, type: 'ram_rw' });
  if (pod.entry_count !== undefined) pod.entry_count -= frames(order);
  for (const frame of framesFrom(mfn, order)) pod.cache.delete(frame);
  bump(pod.populated, order);
}

function reclaim(model: Model, { domid, gfn, mfn, order = 0 }: TraceEvent): void {
  if (domid === undefined || gfn === undefined || mfn === undefined) return;
  const pod = podOf(model, domid);
  // The record of a 2M page has its last frame (X§0.4).
  const base = order === 9 ? mfn - 511n : mfn;
  imply(model, domid, { gfn: alignDown(gfn, order), order, mfn: null, type: 'populate_on_demand' });
  for (const frame of framesFrom(base, order)) pod.cache.add(frame);
  if (model.setup.hasCacheAdds) pod.pending += frames(order);
  else if (pod.entry_count !== undefined) pod.entry_count += frames(order);
  bump(pod.reclaimed, order);
}

function splinter(model: Model, { domid, gfn, order = 9 }: TraceEvent): void {
  if (domid === undefined || gfn === undefined) return;
  const table = tableOf(model, domid);
  const leaf = leafAt(table, gfn);
  if (leaf?.order === 9 && leaf.type === 'populate_on_demand') split(table, leaf);
  bump(podOf(model, domid).splintered, order);
}

function pageFree(model: Model, { mfn, order = 0 }: TraceEvent): void {
  if (mfn === undefined) return;
  for (const pod of model.pod.values()) for (const frame of framesFrom(mfn, order)) pod.cache.delete(frame);
}

export const pod: Mechanism = {
  pod_cache_add: cacheMoves(1n),
  pod_cache_get: cacheMoves(-1n),
  pod_populate: populate,
  pod_zero_reclaim: reclaim,
  pod_splinter: splinter,
  page_free: pageFree,
  domain_create: (model, { domid }) => {
    model.pod.delete(domid ?? -1);
  },
};
