import type { TraceEvent } from './event.js';
import type { Mechanism, Model } from './model.js';

interface Vcpu {
  readonly domid: number;
  readonly vcpu: bigint;
}

/** A translation that a pcpu got and has not given back. */
interface Translation {
  readonly domid: number;
  readonly view: string;
  readonly gfn: bigint;
  readonly mfn: bigint | undefined;
  /** null for a lookup before the trace. */
  readonly since: number | null;
}

/** What is older has lost its put_gfn. */
const MOST_OUTSTANDING = 64;

export const newContexts = () => ({
  /** By pcpu. */
  running: new Map<number, Vcpu>(),
  /** The view that a vcpu uses, by `domid vcpu`. */
  views: new Map<string, string>(),
  /** By pcpu, innermost last. */
  outstanding: new Map<number, Translation[]>(),
});

/** Domain that the event's pcpu runs. */
export function runningDomain(model: Model, { pcpu }: TraceEvent): number | undefined {
  return model.contexts.running.get(pcpu ?? -1)?.domid;
}

function schedSwitch(model: Model, { pcpu, domid, vcpu, runstate = 0n }: TraceEvent): void {
  if (pcpu === undefined || domid === undefined || vcpu === undefined) return;
  const { running, outstanding } = model.contexts;
  const now = running.get(pcpu);
  const isSame = now?.domid === domid && now.vcpu === vcpu;
  // The old state times 16 plus the new one; 0 is running. Others are woken from here as well
  // (docs/xen.md#who-runs-where).
  if ((runstate & 15n) !== 0n) {
    if (isSame) running.delete(pcpu);
    return;
  }
  if (!isSame) outstanding.delete(pcpu);
  running.set(pcpu, { domid, vcpu });
}

function push(model: Model, { pcpu, domid, view = 'host', gfn, mfn }: TraceEvent, since: number | null): void {
  if (pcpu === undefined || domid === undefined || gfn === undefined) return;
  const all = [...(model.contexts.outstanding.get(pcpu) ?? []), { domid, view, gfn, mfn, since }];
  model.contexts.outstanding.set(pcpu, all.slice(-MOST_OUTSTANDING));
}

function putGfn(model: Model, { pcpu, domid, view = 'host', gfn }: TraceEvent): void {
  const all = model.contexts.outstanding.get(pcpu ?? -1) ?? [];
  const at = all.findLastIndex(t => t.domid === domid && t.view === view && t.gfn === gfn);
  if (at >= 0) all.splice(at, 1);
}

function viewSwitch(model: Model, { pcpu, domid, view }: TraceEvent): void {
  const vcpu = model.contexts.running.get(pcpu ?? -1);
  if (vcpu === undefined || vcpu.domid !== domid || view === undefined) return;
  model.contexts.views.set(`${vcpu.domid} ${vcpu.vcpu}`, view);
}

function snapshotVcpu(model: Model, { pcpu, domid, vcpu, view }: TraceEvent): void {
  if (domid === undefined || vcpu === undefined) return;
  if (pcpu !== undefined) model.contexts.running.set(pcpu, { domid, vcpu });
  if (view !== undefined) model.contexts.views.set(`${domid} ${vcpu}`, view);
}

export const contexts: Mechanism = {
  sched_switch: schedSwitch,
  lookup: (model, event) => {
    if (event.flags?.includes('locked')) push(model, event, model.now);
  },
  put_gfn: putGfn,
  view_switch: viewSwitch,
  snapshot_vcpu: snapshotVcpu,
  snapshot_translation: (model, event) => {
    const { gfn = 0n, mfn = 0n } = event;
    if (gfn < 1n << 52n && mfn < 1n << 52n) push(model, event, null);
  },
  domain_create: (model, { domid }) => {
    for (const key of model.contexts.views.keys()) if (key.startsWith(`${domid} `)) model.contexts.views.delete(key);
  },
};
