import type { TraceEvent } from './event.js';
import type { Mechanism, Model } from './model.js';
import { clear, imply, leafAt, mfnAt, tableOf } from './p2m.js';

/** What mem_paging (docs/xen.md#paging) made of a gfn. */
interface Paging {
  readonly domid: number;
  readonly gfn: bigint;
  /** The type that the last event implies. */
  readonly type: string;
  /** It was evicted, and not prepared since. */
  readonly evicted: boolean;
  /** The last event; null for one before the trace. */
  readonly since: number | null;
}

/** By `domid gfn`. */
export const newPaging = () => new Map<string, Paging>();

/** The host's entry gets the type and the recorded mfn, or else keeps its own; it is unknown where that is. */
function become(model: Model, domid: number, gfn: bigint, type: string, recorded: bigint | undefined): void {
  const table = tableOf(model, domid);
  const leaf = leafAt(table, gfn);
  const mfn = type === 'ram_paged' ? null : (recorded ?? (leaf && mfnAt(leaf, gfn)));
  // Only frames that are paged out, or on their way in, lack an mfn.
  const isKnown =
    type === 'ram_paged' || type === 'ram_paging_in' ? mfn !== undefined : mfn !== undefined && mfn !== null;
  if (isKnown) imply(model, table, { gfn, order: 0, mfn: mfn as bigint | null, type, access: null });
  else clear(table, gfn, 0);
}

function step(type: string, evicted: (before: boolean) => boolean) {
  return (model: Model, event: TraceEvent) => {
    const { domid, gfn } = event;
    if (domid === undefined || gfn === undefined) return;
    const before = model.paging.get(`${domid} ${gfn}`)?.evicted ?? false;
    model.paging.set(`${domid} ${gfn}`, { domid, gfn, type, evicted: evicted(before), since: model.now });
    become(model, domid, gfn, type, event.mfn);
  };
}

function resume(model: Model, event: TraceEvent): void {
  const { domid, gfn } = event;
  if (domid === undefined || gfn === undefined) return;
  model.paging.delete(`${domid} ${gfn}`);
  become(model, domid, gfn, 'ram_rw', event.mfn);
}

function snapshot(model: Model, { domid, gfn, p2m_type: type, evicted = 0n }: TraceEvent): void {
  if (domid === undefined || gfn === undefined || type === undefined) return;
  model.paging.set(`${domid} ${gfn}`, { domid, gfn, type, evicted: evicted > 0n, since: null });
}

export const paging: Mechanism = {
  page_nominate: step('ram_paging_out', () => false),
  page_evict: step('ram_paged', () => true),
  page_populate: step('ram_paging_in', before => before),
  page_prep: step('ram_rw', () => false),
  page_resume: resume,
  snapshot_paging: snapshot,
  domain_create: (model, { domid }) => {
    for (const [key, state] of model.paging) if (state.domid === domid) model.paging.delete(key);
  },
};
