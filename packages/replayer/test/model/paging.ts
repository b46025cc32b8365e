import type { TraceEvent } from './event.js';
import { isFailed, type Mechanism, type Model } from './model.js';
import { imply, leafAt, mfnAt, tableOf } from './p2m.js';

/** mem_paging (X§5.2). */
export const newPaging = () => ({
  /** By domain and gfn: the event that brought the frame where it is. */
  states: new Map<string, { domid: number; gfn: bigint; state: string; since: number }>(),
  /** By domain: frames paged out less those that came back. */
  paged: new Map<number, number>(),
});

/** mfn of the host's entry; undefined where that is unknown. */
function mfnNow(model: Model, domid: number, gfn: bigint): bigint | null | undefined {
  const leaf = leafAt(tableOf(model, domid), gfn);
  return leaf && mfnAt(leaf, gfn);
}

/** The entry that an event implies: what it recorded of the mfn wins, else the entry keeps its own. */
function becomes(type: string) {
  return (model: Model, domid: number, gfn: bigint, recorded: bigint | undefined) => {
    const mfn = recorded ?? mfnNow(model, domid, gfn);
    if (mfn !== undefined) imply(model, domid, { gfn, order: 0, mfn, type });
  };
}

type Step = ReturnType<typeof becomes>;

function step(state: string, entry: Step) {
  return (model: Model, event: TraceEvent) => {
    const { domid, gfn, mfn } = event;
    if (domid === undefined || gfn === undefined || isFailed(event)) return;
    entry(model, domid, gfn, mfn);
    model.paging.states.set(`${domid} ${gfn}`, { domid, gfn, state, since: model.now });
  };
}

function countPaged(model: Model, domid: number, by: number): void {
  model.paging.paged.set(domid, (model.paging.paged.get(domid) ?? 0) + by);
}

const evict: Step = (model, domid, gfn) => {
  imply(model, domid, { gfn, order: 0, mfn: null, type: 'ram_paged' });
  countPaged(model, domid, 1);
};

const prep: Step = (model, domid, gfn, recorded) => {
  if (mfnNow(model, domid, gfn) === null) countPaged(model, domid, -1);
  becomes('ram_rw')(model, domid, gfn, recorded);
};

function resume(model: Model, event: TraceEvent): void {
  step('resume', becomes('ram_rw'))(model, event);
  if (!isFailed(event)) model.paging.states.delete(`${event.domid} ${event.gfn}`);
}

export const paging: Mechanism = {
  page_nominate: step('nominate', becomes('ram_paging_out')),
  page_evict: step('evict', evict),
  page_populate: step('populate', becomes('ram_paging_in')),
  page_prep: step('prep', prep),
  page_resume: resume,
  domain_create: (model, { domid }) => {
    for (const [key, state] of model.paging.states) if (state.domid === domid) model.paging.states.delete(key);
    model.paging.paged.delete(domid ?? -1);
  },
};
