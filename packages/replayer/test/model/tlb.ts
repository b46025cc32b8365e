import type { TraceEvent } from './event.js';
import type { Mechanism, Model } from './model.js';

/** By `domid view`: the first flush that was put off and has not been made up for; null for one before the trace. */
export const newTlb = () => new Map<string, number | null>();

function defer(model: Model, { domid, view = 'host' }: TraceEvent, since: number | null): void {
  const key = `${domid} ${view}`;
  if (domid !== undefined && !model.tlb.has(key)) model.tlb.set(key, since);
}

export const tlb: Mechanism = {
  tlb_flush: (model, { domid, view = 'host' }) => {
    model.tlb.delete(`${domid} ${view}`);
  },
  tlb_flush_deferred: (model, event) => defer(model, event, model.now),
  snapshot_tlb: (model, event) => defer(model, event, null),
  domain_create: (model, { domid }) => {
    for (const key of model.tlb.keys()) if (key.startsWith(`${domid} `)) model.tlb.delete(key);
  },
};
