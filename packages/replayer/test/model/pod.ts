import type { TraceEvent } from './event.js';
import type { Mechanism, Model } from './model.js';
import { alignDown, frames, imply, leafAt, split, tableOf, typeAt } from './p2m.js';

/** Populate-on-demand of a domain (docs/xen.md#pod-cache); what is undefined is unknown. */
interface PodDomain {
  count: bigint | undefined;
  /** The event that told or changed the count last. */
  countSince: number | null;
  entry_count: bigint | undefined;
  /** Entries of reclaims whose cache add is still to come. */
  pending: bigint;
  /** How often, by order. */
  readonly populated: Map<number, number>;
  readonly reclaimed: Map<number, number>;
  readonly splintered: Map<number, number>;
}

export const newPod = () => ({
  domains: new Map<number, PodDomain>(),
  /** Machine frames in a cache, and whose. */
  cache: new Map<bigint, number>(),
});

function podOf(model: Model, domid: number): PodDomain {
  const found = model.pod.domains.get(domid) ?? {
    count: undefined,
    countSince: null,
    entry_count: undefined,
    pending: 0n,
    populated: new Map(),
    reclaimed: new Map(),
    splintered: new Map(),
  };
  model.pod.domains.set(domid, found);
  return found;
}

const bump = (counts: Map<number, number>, order: number) => counts.set(order, (counts.get(order) ?? 0) + 1);

function join(model: Model, domid: number, mfn: bigint, order: number): void {
  for (let i = 0n; i < frames(order); i++) model.pod.cache.set(mfn + i, domid);
}

function leave(model: Model, mfn: bigint, order: number): void {
  for (let i = 0n; i < frames(order); i++) model.pod.cache.delete(mfn + i);
}

function cacheAdd(model: Model, event: TraceEvent): void {
  const { domid, mfn, order = 0 } = event;
  if (domid === undefined || mfn === undefined) return;
  const pod = podOf(model, domid);
  count(model, pod, frames(order), event);
  // The reclaim that this ends counts its entries after it has added the page.
  if (pod.entry_count !== undefined) pod.entry_count += pod.pending;
  pod.pending = 0n;
  join(model, domid, mfn, order);
}

function cacheGet(model: Model, event: TraceEvent): void {
  const { domid, mfn, order = 0 } = event;
  if (domid === undefined || mfn === undefined) return;
  count(model, podOf(model, domid), -frames(order), event);
  leave(model, mfn, order);
}

function count(model: Model, pod: PodDomain, by: bigint, event: TraceEvent): void {
  const expected = pod.count === undefined ? undefined : pod.count + by;
  model.check('pod_count', expected, event.count, pod.countSince);
  pod.count = event.count ?? expected;
  pod.countSince = model.now;
  pod.entry_count = event.entry_count ?? pod.entry_count;
}

function populate(model: Model, { domid, gfn, mfn, order = 0 }: TraceEvent): void {
  if (domid === undefined || gfn === undefined || mfn === undefined) return;
  const pod = podOf(model, domid);
  if (!model.setup.hasResults) {
    imply(model, tableOf(model, domid), { gfn: alignDown(gfn, order), order, mfn, type: 'ram_rw', access: null });
  }
  if (pod.entry_count !== undefined) pod.entry_count -= frames(order);
  leave(model, mfn, order);
  bump(pod.populated, order);
}

function reclaim(model: Model, { domid, gfn, mfn, order = 0 }: TraceEvent): void {
  if (domid === undefined || gfn === undefined || mfn === undefined) return;
  const pod = podOf(model, domid);
  const entry = { gfn: alignDown(gfn, order), order, mfn: null, type: 'populate_on_demand', access: null };
  if (!model.setup.hasResults) imply(model, tableOf(model, domid), entry);
  // The record of a 2M page has its last frame (docs/xen.md#pod-record-frames).
  join(model, domid, order === 9 ? mfn - 511n : mfn, order);
  if (model.setup.hasCacheAdds) pod.pending += frames(order);
  else if (pod.entry_count !== undefined) pod.entry_count += frames(order);
  bump(pod.reclaimed, order);
}

function splinter(model: Model, { domid, gfn, order = 9 }: TraceEvent): void {
  if (domid === undefined || gfn === undefined) return;
  bump(podOf(model, domid).splintered, order);
  if (model.setup.hasResults) return;
  const table = tableOf(model, domid);
  const known = leafAt(table, gfn);
  if (known === undefined || typeAt(table, known, gfn) !== 'populate_on_demand') return;
  for (let leaf = known; leaf.order > 0; leaf = leafAt(table, gfn) as typeof leaf) split(table, leaf);
}

/** An order without a frame is that of a reclaim whose cache add is still to come. */
function snapshot(model: Model, { domid, mfn, order, count: pages, entry_count }: TraceEvent): void {
  if (domid === undefined) return;
  const pod = podOf(model, domid);
  if (pages !== undefined) Object.assign(pod, { count: pages, countSince: null });
  pod.entry_count = entry_count ?? pod.entry_count;
  if (mfn !== undefined) join(model, domid, mfn, order ?? 0);
  else if (order !== undefined) pod.pending += frames(order);
}

export const pod: Mechanism = {
  pod_cache_add: cacheAdd,
  pod_cache_get: cacheGet,
  pod_populate: populate,
  pod_zero_reclaim: reclaim,
  pod_splinter: splinter,
  snapshot_pod: snapshot,
  page_free: (model, { mfn, order = 0 }) => {
    if (mfn !== undefined) leave(model, mfn, order);
  },
  domain_create: (model, { domid }) => {
    model.pod.domains.delete(domid ?? -1);
    for (const [mfn, whose] of model.pod.cache) if (whose === domid) model.pod.cache.delete(mfn);
  },
};
