import type { Mechanism } from './model.js';

/** By `domid view`: the first flush that was put off and has not been made up for. */
export const newTlb = () => new Map<string, number>();

export const tlb: Mechanism = {
  tlb_flush: (model, { domid, view = 'host' }) => {
    model.tlb.delete(`${domid} ${view}`);
  },
  tlb_flush_deferred: (model, { domid, view = 'host' }) => {
    const key = `${domid} ${view}`;
    if (domid !== undefined && !model.tlb.has(key)) model.tlb.set(key, model.now);
  },
};
