import type { TraceEvent } from './event.js';
import type { Mechanism, Model } from './model.js';

/** An entry of a PV guest's own p2m (docs/xen.md#linux-p2m). */
interface LinuxEntry {
  /** null for INVALID_P2M_ENTRY. */
  readonly mfn: bigint | null;
  readonly foreign: boolean;
  readonly identity: boolean;
  /** null: it was there before the trace. */
  readonly writer: number | null;
}

/** A page on the chain of an mfn. */
interface Override {
  readonly domid: number;
  readonly pfn: bigint;
  /** What pfn had before; undefined where nobody knows. */
  readonly oldMfn: bigint | null | undefined;
  readonly since: number | null;
}

export const newLinux = () => ({
  /** By `domid pfn`. */
  p2m: new Map<string, LinuxEntry>(),
  /** By mfn: latest first, as m2p_find_override meets them. */
  chains: new Map<bigint, Override[]>(),
});

/** An implied entry is written where it is not so already; INVALID_P2M_ENTRY has both bits, whatever was recorded. */
function imply(model: Model, domid: number, pfn: bigint, mfn: bigint | null, foreign: boolean): void {
  if (isSo(model, domid, pfn, mfn, foreign)) return;
  model.linux.p2m.set(`${domid} ${pfn}`, { mfn, foreign, identity: false, writer: model.now });
}

function isSo(model: Model, domid: number, pfn: bigint, mfn: bigint | null, foreign: boolean): boolean {
  const entry = model.linux.p2m.get(`${domid} ${pfn}`);
  if (entry === undefined || entry.mfn !== mfn) return false;
  return mfn === null || (entry.foreign === foreign && !entry.identity);
}

function set(model: Model, event: TraceEvent, writer: number | null): void {
  const { domid, gfn: pfn, mfn = null, flags = [] } = event;
  if (domid === undefined || pfn === undefined) return;
  const [foreign, identity] = [flags.includes('foreign'), flags.includes('identity')];
  model.linux.p2m.set(`${domid} ${pfn}`, { mfn, foreign, identity, writer });
}

/** The recorded old mfn, all ones for INVALID_P2M_ENTRY; undefined where none is recorded. */
const recordedOld = ({ old_mfn }: TraceEvent) =>
  old_mfn === undefined ? undefined : old_mfn >= 1n << 52n ? null : old_mfn;

/** Takes a page off the chain of an mfn. */
function unchain(model: Model, domid: number, pfn: bigint, mfn: bigint): Override | undefined {
  const chain = model.linux.chains.get(mfn) ?? [];
  const found = chain.find(override => override.domid === domid && override.pfn === pfn);
  model.linux.chains.set(
    mfn,
    chain.filter(override => override !== found),
  );
  return found;
}

function chain(model: Model, mfn: bigint, override: Override): void {
  model.linux.chains.set(mfn, [override, ...(model.linux.chains.get(mfn) ?? [])]);
}

function add(model: Model, event: TraceEvent): void {
  const { domid, gfn: pfn, mfn } = event;
  if (domid === undefined || pfn === undefined || mfn === undefined) return;
  // Where the new entry was recorded first, nobody knows the one before it.
  const isWritten = isSo(model, domid, pfn, mfn, true);
  const before = isWritten ? undefined : model.linux.p2m.get(`${domid} ${pfn}`);
  const known = before?.mfn;
  const recorded = recordedOld(event);
  model.check('old_mfn', known, recorded, before?.writer);
  unchain(model, domid, pfn, mfn);
  chain(model, mfn, { domid, pfn, oldMfn: recorded === undefined ? known : recorded, since: model.now });
  imply(model, domid, pfn, mfn, true);
}

function remove(model: Model, event: TraceEvent): void {
  const { domid, gfn: pfn, mfn } = event;
  if (domid === undefined || pfn === undefined || mfn === undefined) return;
  const override = unchain(model, domid, pfn, mfn);
  const recorded = recordedOld(event);
  model.check('old_mfn', override?.oldMfn, recorded, override?.since);
  const oldMfn = recorded === undefined ? override?.oldMfn : recorded;
  if (oldMfn === undefined) model.linux.p2m.delete(`${domid} ${pfn}`);
  else imply(model, domid, pfn, oldMfn, false);
}

function snapshotOverride(model: Model, event: TraceEvent): void {
  const { domid, gfn: pfn, mfn } = event;
  if (domid === undefined || pfn === undefined || mfn === undefined) return;
  const isChained = model.linux.chains.get(mfn)?.some(known => known.domid === domid && known.pfn === pfn);
  if (!isChained) chain(model, mfn, { domid, pfn, oldMfn: recordedOld(event), since: null });
}

export const linux: Mechanism = {
  phys_to_machine_set: (model, event) => set(model, event, model.now),
  m2p_override_add: add,
  m2p_override_remove: remove,
  snapshot_linux: (model, event) => set(model, event, null),
  snapshot_override: snapshotOverride,
  domain_create: (model, { domid }) => {
    for (const key of model.linux.p2m.keys()) if (key.startsWith(`${domid} `)) model.linux.p2m.delete(key);
    for (const [mfn, all] of model.linux.chains) {
      model.linux.chains.set(
        mfn,
        all.filter(override => override.domid !== domid),
      );
    }
  },
};
