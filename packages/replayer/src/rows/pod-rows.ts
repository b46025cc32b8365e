import type { XenState } from '../state/xen-state.js';
import { numberOrNull } from './row-nulls.js';
import type { StateFilter } from './state-rows.js';

/** Number of events by order. */
type ByOrder = Readonly<Record<string, number>>;

/** Populate-on-demand of a domain (docs/xen.md#pod-cache). */
export interface PodRow {
  readonly domid: number;
  /** Pages in its cache, as recorded; null for unknown. */
  readonly count: number | null;
  /** p2m slots marked PoD, as recorded or counted since. */
  readonly entry_count: number | null;
  /** Frames that the trace shows in its cache. */
  readonly cached: number;
  readonly populated: ByOrder;
  readonly reclaimed: ByOrder;
  readonly splintered: ByOrder;
}

/** Every domain with PoD events, by domid. */
export function* podRows({ pod }: XenState, { domid: wanted }: StateFilter = {}): Generator<PodRow> {
  const cached = new Map<number, number>();
  pod.cache.forEach((_, at) => {
    const domid = pod.cache.data[at];
    cached.set(domid, (cached.get(domid) ?? 0) + 1);
  });
  for (const [domid, of] of [...pod.domains].sort(([a], [b]) => a - b)) {
    if (wanted !== undefined && wanted !== domid) continue;
    yield {
      domid,
      count: numberOrNull(of.count),
      entry_count: numberOrNull(of.entryCount),
      cached: cached.get(domid) ?? 0,
      populated: Object.fromEntries(of.populated),
      reclaimed: Object.fromEntries(of.reclaimed),
      splintered: Object.fromEntries(of.splintered),
    };
  }
}
