import type { Model } from './model.js';
import { counted, hex, line, list, type StateRows } from './rows.js';

/** The rarer parts of the model's state as lines. */
export function modelMechanismRows(model: Model): StateRows {
  return {
    ...lockTables(model),
    ...contextTables(model),
    ...memoryTables(model),
    ...grantTables(model),
    ...linuxTables(model),
  };
}

function lockTables({ locks }: Model): StateRows {
  return {
    locks: [...locks.locks]
      .filter(([, { owner, depth }]) => owner !== undefined || depth !== undefined)
      .map(([lock, { owner, depth, unlockLevel }]) =>
        line(hex(lock), owner, depth, owner === undefined ? null : unlockLevel),
      ),
    heldLevels: [...locks.pcpus].flatMap(([pcpu, { held }]) =>
      held.map(({ level }, i) => line(pcpu, i, level || null)),
    ),
    levels: [...locks.pcpus].filter(([, { level }]) => level > 0).map(([pcpu, { level }]) => line(pcpu, level)),
  };
}

function contextTables({ contexts, locks }: Model): StateRows {
  const pcpus = new Set([...contexts.running.keys(), ...contexts.outstanding.keys(), ...locks.pcpus.keys()]);
  return {
    contexts: [...pcpus].flatMap(pcpu => {
      const running = contexts.running.get(pcpu);
      const held = locks.pcpus.get(pcpu)?.held ?? [];
      const outstanding = contexts.outstanding.get(pcpu) ?? [];
      if (running === undefined && held.length === 0 && outstanding.length === 0) return [];
      const view = running && contexts.views.get(`${running.domid} ${running.vcpu}`);
      const locked = list(held.map(({ lock, mode, since }) => line(hex(lock), mode, since)));
      const translations = list(outstanding.map(t => line(t.domid, t.view, hex(t.gfn), hex(t.mfn), t.since)));
      return [line(pcpu, running?.domid, running?.vcpu, view, locked, translations)];
    }),
    vcpuViews: [...contexts.views].map(([key, view]) => line(key, view)),
  };
}

function memoryTables({ pod, paging }: Model): StateRows {
  const cached = (domid: number) => [...pod.cache.values()].filter(whose => whose === domid).length;
  return {
    pod: [...pod.domains].map(([domid, { count, entry_count, populated, reclaimed, splintered }]) =>
      line(domid, count, entry_count, cached(domid), counted(populated), counted(reclaimed), counted(splintered)),
    ),
    podPending: [...pod.domains].map(([domid, { pending }]) => line(domid, pending)),
    podCache: [...pod.cache].map(([mfn, domid]) => line(hex(mfn), domid)),
    paging: [...paging.values()].map(({ domid, gfn, type, evicted, since }) =>
      line(domid, hex(gfn), type, evicted, since),
    ),
  };
}

function grantTables({ grants, tlb }: Model): StateRows {
  return {
    grants: [
      ...grants.open.map(({ mapper, granter, handle, ref, mfn, gfn, flags, since }) =>
        line('grant', mapper, granter, hex(mfn), hex(gfn), ref, handle, list([...flags].sort()), since),
      ),
      ...[...grants.foreign.values()].map(({ domid, gfn, mfn, owner, since }) =>
        line('foreign', domid, owner, hex(mfn), hex(gfn), '-', '-', list([]), since),
      ),
    ],
    grantCounts: [counted(grants.transfers), counted(grants.decreases)],
    tlb: [...tlb].map(([key, since]) => line(key, since)),
  };
}

function linuxTables({ linux }: Model): StateRows {
  const overrides = [...linux.chains].flatMap(([mfn, chain]) => chain.map(override => ({ mfn, ...override })));
  const entries = [...linux.p2m].map(([key, { mfn, foreign, identity, writer }]) => {
    const [domid, pfn] = key.split(' ');
    const bits = [...(foreign ? ['foreign'] : []), ...(identity ? ['identity'] : [])];
    return line(domid, 'entry', hex(BigInt(pfn)), hex(mfn), list(bits), '-', '-', writer);
  });
  return {
    linux: [
      ...entries,
      ...overrides.map(({ mfn, domid, pfn, oldMfn, since }, i) => {
        // Each guest has chains of its own.
        const place = overrides.slice(0, i).filter(other => other.mfn === mfn && other.domid === domid).length;
        return line(domid, 'override', hex(pfn), hex(mfn), '-', hex(oldMfn), place, since);
      }),
    ],
    overridden: overrides.map(({ mfn, domid, pfn, oldMfn }) =>
      line(hex(mfn), domid, hex(pfn), oldMfn === undefined ? 'unknown' : hex(oldMfn)),
    ),
  };
}
