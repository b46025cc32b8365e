import type { TraceEvent } from './event.js';
import { isFailed, type Mechanism, type Model } from './model.js';

/** An entry of a PV guest's own p2m (X§7). */
interface LinuxEntry {
  readonly domid: number;
  readonly pfn: bigint;
  /** null for INVALID_P2M_ENTRY. */
  readonly mfn: bigint | null;
  readonly foreign: boolean;
  readonly identity: boolean;
  readonly writer: number;
}

/** A page on the chain of an mfn. */
interface Override {
  readonly pfn: bigint;
  /** What pfn had before; undefined where nobody knows. */
  readonly oldMfn: bigint | null | undefined;
  readonly since: number;
}

export const newLinux = () => ({
  /** By `domid pfn`. */
  p2m: new Map<string, LinuxEntry>(),
  /** By `domid mfn`: latest first, as m2p_find_override meets them. */
  chains: new Map<string, Override[]>(),
});

function set(model: Model, domid: number, pfn: bigint, mfn: bigint | null, foreign: boolean, identity: boolean): void {
  model.linux.p2m.set(`${domid} ${pfn}`, { domid, pfn, mfn, foreign, identity, writer: model.now });
}

function imply(model: Model, domid: number, pfn: bigint, mfn: bigint | null, foreign: boolean): void {
  const known = model.linux.p2m.get(`${domid} ${pfn}`);
  if (known?.mfn !== mfn || known.foreign !== foreign) set(model, domid, pfn, mfn, foreign, false);
}

function physToMachineSet(model: Model, event: TraceEvent): void {
  const { domid, gfn, mfn = null, flags = [] } = event;
  if (domid === undefined || gfn === undefined) return;
  set(model, domid, gfn, mfn, flags.includes('foreign'), flags.includes('identity'));
}

function add(model: Model, event: TraceEvent): void {
  const { domid, gfn: pfn, mfn, old_mfn } = event;
  if (domid === undefined || pfn === undefined || mfn === undefined || isFailed(event)) return;
  const chain = model.linux.chains.get(`${domid} ${mfn}`) ?? [];
  const oldMfn = old_mfn ?? model.linux.p2m.get(`${domid} ${pfn}`)?.mfn;
  model.linux.chains.set(`${domid} ${mfn}`, [{ pfn, oldMfn, since: model.now }, ...chain]);
  imply(model, domid, pfn, mfn, true);
}

function remove(model: Model, event: TraceEvent): void {
  const { domid, gfn: pfn, mfn, old_mfn } = event;
  if (domid === undefined || pfn === undefined || mfn === undefined || isFailed(event)) return;
  const chain = model.linux.chains.get(`${domid} ${mfn}`) ?? [];
  const at = chain.findIndex(override => override.pfn === pfn);
  const oldMfn = old_mfn ?? chain[at]?.oldMfn;
  if (at >= 0) chain.splice(at, 1);
  if (oldMfn === undefined) model.linux.p2m.delete(`${domid} ${pfn}`);
  else imply(model, domid, pfn, oldMfn, false);
}

export const linux: Mechanism = {
  phys_to_machine_set: physToMachineSet,
  m2p_override_add: add,
  m2p_override_remove: remove,
  domain_create: (model, { domid }) => {
    for (const table of [model.linux.p2m, model.linux.chains]) {
      for (const key of table.keys()) if (key.startsWith(`${domid} `)) table.delete(key);
    }
  },
};
