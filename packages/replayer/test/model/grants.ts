import type { FlagName } from '@p2mtrace/trace-format';
import { runningDomain } from './contexts.js';
import type { TraceEvent } from './event.js';
import type { Mechanism, Model } from './model.js';
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
  flags: readonly FlagName[];
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

/** The mapping that the event is about; the latest where several look alike. */
function find(model: Model, event: TraceEvent): Grant | undefined {
  const { handle, owner } = event;
  const mapper = mapperOf(model, event);
  return model.grants.open.findLast(
    grant => grant.mapper === mapper && grant.handle === handle && (handle !== undefined || grant.granter === owner),
  );
}

function close(model: Model, grant: Grant | undefined): void {
  model.grants.open = model.grants.open.filter(other => other !== grant);
}

function map(model: Model, event: TraceEvent, since: number | null): void {
  const { owner: granter, handle, ref, mfn, gfn, flags = [] } = event;
  if (granter === undefined) return;
  // A handle stands for one mapping.
  if (handle !== undefined) close(model, find(model, event));
  model.grants.open.push({ mapper: mapperOf(model, event), granter, handle, ref, mfn, gfn, flags, since });
}

/** What one mapping may be for at a time. */
const HALVES: readonly FlagName[] = ['device_map', 'host_map'];

/** Ends the mapping, or that half of it that the event names. */
function unmap(model: Model, event: TraceEvent): void {
  const grant = find(model, event);
  if (grant === undefined) return;
  const named = HALVES.filter(half => event.flags?.includes(half));
  const left = grant.flags.filter(flag => !named.includes(flag));
  if (named.length > 0 && HALVES.some(half => left.includes(half))) grant.flags = left;
  else close(model, grant);
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
  grant_map: (model, event) => map(model, event, model.now),
  grant_unmap: unmap,
  grant_transfer: (model, { domid }) => bump(model.grants.transfers, domid),
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
