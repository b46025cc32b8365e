import { forgetLocks } from './locks.js';
import type { Mechanism, Model } from './model.js';

/**
 * Records of a pcpu were lost: what they could have changed is unknown (docs/replay.md#domains-pcpus-loss). What stays
 * is what other pcpus
 * hold and run, generations, and what only counts.
 */
function forget(model: Model, pcpu: number | undefined): void {
  for (const table of [
    model.p2m.tables,
    model.p2m.m2p,
    model.p2m.tornDown,
    model.views.complete,
    model.views.remaps,
    model.pod.cache,
    model.paging,
    model.sharing,
    model.grants.foreign,
    model.tlb,
    model.linux.p2m,
    model.linux.chains,
    model.contexts.outstanding,
    model.contexts.views,
  ]) {
    table.clear();
  }
  model.grants.open = [];
  for (const page of model.pages.values()) {
    Object.assign(page, {
      life: undefined,
      owner: undefined,
      count_info: undefined,
      type_info: undefined,
      isCounted: false,
    });
  }
  for (const pod of model.pod.domains.values()) {
    Object.assign(pod, { count: undefined, entry_count: undefined, pending: 0n });
  }
  forgetLocks(model, pcpu);
  if (pcpu === undefined) model.contexts.running.clear();
  else model.contexts.running.delete(pcpu);
}

/** Records of a pcpu are lost from here on: what is known may be wrong, and a mismatch proves nothing. */
export function beginLoss(model: Model, pcpu: number): void {
  model.losing.add(pcpu);
  forget(model, pcpu);
}

export const loss: Mechanism = {
  lost: (model, event) => {
    model.losses.push({ seq: model.now, event });
    forget(model, event.pcpu);
    if (event.pcpu === undefined) model.losing.clear();
    else model.losing.delete(event.pcpu);
  },
};
