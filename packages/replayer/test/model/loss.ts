import { forgetLocks } from './locks.js';
import type { Mechanism, Model } from './model.js';

/** Records of a pcpu were lost: what they could have changed is unknown (model §2.2). */
function forget(model: Model, pcpu: number | undefined): void {
  model.p2m.tables.clear();
  model.p2m.m2p.clear();
  model.views.complete.clear();
  model.views.remaps.clear();
  for (const page of model.pages.values()) {
    Object.assign(page, { life: undefined, owner: undefined, count_info: undefined, type_info: undefined });
  }
  for (const pod of model.pod.values()) {
    Object.assign(pod, { count: undefined, entry_count: undefined, pending: 0n });
    pod.cache.clear();
  }
  model.paging.states.clear();
  model.sharing.clear();
  model.grants.open = [];
  model.grants.foreign.clear();
  model.tlb.clear();
  model.linux.p2m.clear();
  model.linux.chains.clear();
  model.contexts.outstanding.clear();
  for (const cpu of pcpu === undefined ? [...model.locks.pcpus.keys()] : [pcpu]) forgetLocks(model, cpu);
  if (pcpu === undefined) model.contexts.running.clear();
  else model.contexts.running.delete(pcpu);
}

/** Records of a pcpu are lost from here on: what is known may be wrong, and a mismatch proves nothing. */
export function beginLoss(model: Model, pcpu: number): void {
  model.losing.add(pcpu);
  forget(model, pcpu);
}

export const loss: Mechanism = {
  lost: (model, { pcpu }) => {
    forget(model, pcpu);
    model.losing.delete(pcpu ?? -1);
  },
};
