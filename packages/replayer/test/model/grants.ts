import { runningDomain } from './contexts.js';
import type { TraceEvent } from './event.js';
import { isFailed, type Mechanism, type Model } from './model.js';
import { imply, tableOf } from './p2m.js';

/** A grant that is mapped. */
interface Grant {
  /** undefined: nobody knows who, which is somebody of his own. */
  readonly mapper: number | undefined;
  readonly granter: number;
  readonly handle: bigint | undefined;
  readonly ref: bigint | undefined;
  readonly mfn: bigint | undefined;
  readonly gfn: bigint | undefined;
  /** null for one that was mapped before the trace. */
  readonly since: number | null;
}

/** A frame of another domain in the p2m. */
interface Foreign {
  readonly domid: number;
  readonly gfn: bigint;
  readonly mfn: bigint;
  readonly owner: number | undefined;
  readonly since: number | null;
}

export const newGrants = () => ({
  /** In the order in which they were mapped. */
  open: [] as Grant[],
  /** By `domid gfn`. */
  foreign: new Map<string, Foreign>(),
  /** By domain, how many. */
  transfers: new Map<number, number>(),
  decreases: new Map<number, number>(),
});

const mapperOf = (model: Model, event: TraceEvent) => event.domid ?? runningDomain(model, event);

/** Takes out the mapping that the event is about; the latest where several look alike. */
function close(model: Model, event: TraceEvent): void {
  const { handle, owner } = event;
  const mapper = mapperOf(model, event);
  const at = model.grants.open.findLastIndex(
    grant => grant.mapper === mapper && grant.handle === handle && (handle !== undefined || grant.granter === owner),
  );
  if (at >= 0) model.grants.open.splice(at, 1);
}

function map(model: Model, event: TraceEvent, since: number | null): void {
  const { owner: granter, handle, ref, mfn, gfn } = event;
  if (granter === undefined) return;
  // A handle stands for one mapping.
  if (handle !== undefined) close(model, event);
  model.grants.open.push({ mapper: mapperOf(model, event), granter, handle, ref, mfn, gfn, since });
}

const bump = (counts: Map<number, number>, domid: number | undefined) => {
  if (domid !== undefined) counts.set(domid, (counts.get(domid) ?? 0) + 1);
};

function foreignMap(model: Model, event: TraceEvent): void {
  const { domid, gfn, mfn } = event;
  if (domid === undefined || gfn === undefined || mfn === undefined) return;
  setForeign(model, event, model.now);
  imply(model, tableOf(model, domid), { gfn, order: 0, mfn, type: 'map_foreign', access: null });
}

function setForeign(model: Model, { domid, gfn, mfn, owner }: TraceEvent, since: number | null): void {
  if (domid === undefined || gfn === undefined || mfn === undefined) return;
  model.grants.foreign.set(`${domid} ${gfn}`, { domid, gfn, mfn, owner, since });
}

export const grants: Mechanism = {
  grant_map: (model, event) => {
    if (!isFailed(event)) map(model, event, model.now);
  },
  grant_unmap: (model, event) => {
    if (!isFailed(event)) close(model, event);
  },
  grant_transfer: (model, event) => {
    if (!isFailed(event)) bump(model.grants.transfers, event.domid);
  },
  decrease_reservation: (model, { domid }) => bump(model.grants.decreases, domid),
  foreign_map: foreignMap,
  foreign_unmap: (model, { domid, gfn }) => {
    model.grants.foreign.delete(`${domid} ${gfn}`);
  },
  snapshot_grant: (model, event) => map(model, event, null),
  snapshot_foreign: (model, event) => setForeign(model, event, null),
  domain_create: (model, { domid = -1 }) => {
    model.grants.open = model.grants.open.filter(({ mapper }) => mapper !== domid);
    for (const [key, mapping] of model.grants.foreign) if (mapping.domid === domid) model.grants.foreign.delete(key);
    model.grants.transfers.delete(domid);
    model.grants.decreases.delete(domid);
  },
};
