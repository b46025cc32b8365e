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
  readonly since: number;
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
export function runningDomain(model: Model, { pcpu, cur_domid }: TraceEvent): number | undefined {
  return cur_domid ?? model.contexts.running.get(pcpu ?? -1)?.domid;
}

/** The old state times 16 plus the new one; 0 is running (X§1.7). */
const RUNNING = 0n;

function schedSwitch(model: Model, { pcpu, domid, vcpu, runstate = 0n }: TraceEvent): void {
  if (pcpu === undefined || domid === undefined || vcpu === undefined) return;
  const { running, outstanding } = model.contexts;
  const now = running.get(pcpu);
  const same = now?.domid === domid && now.vcpu === vcpu;
  if ((runstate & 15n) === RUNNING) {
    if (!same) outstanding.delete(pcpu);
    running.set(pcpu, { domid, vcpu });
  } else if (same) running.delete(pcpu);
}

function lookup(model: Model, { pcpu, domid, view = 'host', gfn, mfn, flags }: TraceEvent): void {
  if (pcpu === undefined || domid === undefined || gfn === undefined) return;
  if (!flags?.includes('locked')) return;
  const all = model.contexts.outstanding.get(pcpu) ?? [];
  model.contexts.outstanding.set(pcpu, [...all, { domid, view, gfn, mfn, since: model.now }].slice(-MOST_OUTSTANDING));
}

function putGfn(model: Model, { pcpu, domid, view = 'host', gfn }: TraceEvent): void {
  const all = model.contexts.outstanding.get(pcpu ?? -1) ?? [];
  const at = all.findLastIndex(t => t.domid === domid && t.view === view && t.gfn === gfn);
  if (at >= 0) all.splice(at, 1);
}

function viewSwitch(model: Model, { pcpu, domid, view }: TraceEvent): void {
  const vcpu = model.contexts.running.get(pcpu ?? -1);
  if (vcpu !== undefined && vcpu.domid === domid && view !== undefined) {
    model.contexts.views.set(`${vcpu.domid} ${vcpu.vcpu}`, view);
  }
}

export const contexts: Mechanism = {
  sched_switch: schedSwitch,
  lookup,
  put_gfn: putGfn,
  view_switch: viewSwitch,
};
