import { runningDomain } from './contexts.js';
import type { TraceEvent } from './event.js';
import { isFailed, type Mechanism, type Model } from './model.js';
import { imply } from './p2m.js';

/** A grant that is mapped. */
interface Grant {
  readonly mapper: number;
  readonly granter: number;
  readonly handle: bigint | undefined;
  readonly ref: bigint | undefined;
  readonly mfn: bigint | undefined;
  readonly since: number;
}

export const newGrants = () => ({
  /** In the order in which they were mapped. */
  open: [] as Grant[],
  /** Foreign mappings by `domid gfn`. */
  foreign: new Map<string, { domid: number; gfn: bigint; mfn: bigint; owner: number | undefined; since: number }>(),
  transfers: new Map<number, number>(),
  decreases: new Map<number, number>(),
});

function isSame(grant: Grant, mapper: number, { handle, owner }: TraceEvent): boolean {
  if (grant.mapper !== mapper || grant.handle !== handle) return false;
  return handle !== undefined || grant.granter === owner;
}

/** Takes out the mapping that the event is about; the latest where several look alike. */
function close(model: Model, mapper: number, event: TraceEvent): void {
  const at = model.grants.open.findLastIndex(grant => isSame(grant, mapper, event));
  if (at >= 0) model.grants.open.splice(at, 1);
}

function map(model: Model, event: TraceEvent): void {
  const { domid: mapper = runningDomain(model, event), owner: granter, handle, ref, mfn } = event;
  if (mapper === undefined || granter === undefined || isFailed(event)) return;
  // A handle stands for one mapping.
  if (handle !== undefined) close(model, mapper, event);
  model.grants.open.push({ mapper, granter, handle, ref, mfn, since: model.now });
}

function unmap(model: Model, event: TraceEvent): void {
  const { domid: mapper = runningDomain(model, event) } = event;
  if (mapper !== undefined && !isFailed(event)) close(model, mapper, event);
}

const bump = (counts: Map<number, number>, domid: number | undefined) => {
  if (domid !== undefined) counts.set(domid, (counts.get(domid) ?? 0) + 1);
};

function foreignMap(model: Model, { domid, gfn, mfn, owner }: TraceEvent): void {
  if (domid === undefined || gfn === undefined || mfn === undefined) return;
  model.grants.foreign.set(`${domid} ${gfn}`, { domid, gfn, mfn, owner, since: model.now });
  imply(model, domid, { gfn, order: 0, mfn, type: 'map_foreign' });
}

export const grants: Mechanism = {
  grant_map: map,
  grant_unmap: unmap,
  grant_transfer: (model, event) => {
    if (!isFailed(event)) bump(model.grants.transfers, event.domid);
  },
  decrease_reservation: (model, { domid }) => bump(model.grants.decreases, domid),
  foreign_map: foreignMap,
  foreign_unmap: (model, { domid, gfn }) => {
    model.grants.foreign.delete(`${domid} ${gfn}`);
  },
  domain_create: (model, { domid }) => {
    model.grants.open = model.grants.open.filter(({ mapper }) => mapper !== domid);
    for (const [key, mapping] of model.grants.foreign) if (mapping.domid === domid) model.grants.foreign.delete(key);
  },
};
