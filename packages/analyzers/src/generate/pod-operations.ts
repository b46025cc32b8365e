import { failToSetEntry, gfnOfType, lookup, m2pSet, type Operation, ramAt, setEntry, typeOf } from './entries.js';
import { type EventLine, hex, type Thread } from './event-line.js';
import type { Guest, Machine } from './machine.js';
import type { Page } from './page.js';

const POD = 'populate_on_demand';

/** pod_cache_add, pod_cache_get: with what the cache has after it, and the entries that are PoD (docs/xen.md#pod-cache). */
function cacheLine(kind: string, pcpu: number, guest: Guest, { mfn }: Page): EventLine {
  const counts = { count: guest.cache.length, entry_count: guest.podCount };
  return { kind, pcpu, domid: guest.domid, mfn: hex(mfn), order: 0, ...counts };
}

/** A frame goes into the PoD cache (p2m_pod_set_mem_target). */
export const podFill: Operation = function* (machine, pcpu, guest) {
  const page = machine.frame();
  yield* machine.allocate(pcpu, page, guest.domid);
  yield* machine.lock(pcpu, guest, 'pod', 'mutex', 'p2m_pod_set_cache_target');
  guest.cache.push(page);
  yield cacheLine('pod_cache_add', pcpu, guest, page);
  yield* machine.unlock(pcpu, guest, 'pod', 'mutex', 'p2m_pod_set_cache_target');
};

/** An empty gfn is marked populate-on-demand (guest_physmap_mark_populate_on_demand). */
export const podMark: Operation = function* (machine, pcpu, guest) {
  const gfn = gfnOfType(machine, guest, 'invalid');
  if (gfn === undefined) return;
  yield* machine.lock(pcpu, guest, 'p2m', 'write', 'guest_physmap_mark_populate_on_demand');
  yield lookup(machine, pcpu, guest, gfn, []);
  if (typeOf(guest, gfn) === 'invalid') {
    yield* setEntry(pcpu, guest, gfn, POD, undefined);
    yield* machine.lock(pcpu, guest, 'pod', 'mutex', 'guest_physmap_mark_populate_on_demand');
    guest.podCount++;
    yield* machine.unlock(pcpu, guest, 'pod', 'mutex', 'guest_physmap_mark_populate_on_demand');
  }
  yield* machine.unlock(pcpu, guest, 'p2m', 'write', 'guest_physmap_mark_populate_on_demand');
};

/** A guest touches a populate-on-demand gfn: a frame of the cache comes behind it (p2m_pod_demand_populate). */
export const podDemand: Operation = function* (machine, pcpu, guest) {
  const gfn = gfnOfType(machine, guest, POD);
  if (gfn === undefined) return;
  yield* machine.lock(pcpu, guest, 'p2m', 'write', 'p2m_get_gfn_type_access');
  if (typeOf(guest, gfn) === POD) {
    yield* machine.lock(pcpu, guest, 'pod', 'mutex', 'p2m_pod_demand_populate');
    const page = guest.cache.pop();
    if (page !== undefined) {
      yield cacheLine('pod_cache_get', pcpu, guest, page);
      yield* setEntry(pcpu, guest, gfn, 'ram_rw', page);
      yield m2pSet(pcpu, page, gfn);
      guest.podCount--;
      yield { kind: 'pod_populate', pcpu, domid: guest.domid, gfn: hex(gfn), mfn: hex(page.mfn), order: 0 };
    }
    yield* machine.unlock(pcpu, guest, 'pod', 'mutex', 'p2m_pod_demand_populate');
  }
  yield* machine.unlock(pcpu, guest, 'p2m', 'write', 'p2m_get_gfn_type_access');
};

/**
 * A page that the guest has not written to goes back to the cache (p2m_pod_zero_check). It is passed over where its
 * entry cannot be changed, and put back where it turns out not to be zero; stock records tell of none of these.
 */
export const podZeroCheck: Operation = function* (machine, pcpu, guest) {
  const gfns = Array.from({ length: 4 }, () => gfnOfType(machine, guest, 'ram_rw'));
  yield* machine.lock(pcpu, guest, 'p2m', 'write', 'p2m_pod_demand_populate');
  yield* machine.lock(pcpu, guest, 'pod', 'mutex', 'p2m_pod_demand_populate');
  for (const gfn of gfns) if (gfn !== undefined) yield* zeroCheck(machine, pcpu, guest, gfn);
  yield* machine.unlock(pcpu, guest, 'pod', 'mutex', 'p2m_pod_demand_populate');
  yield* machine.unlock(pcpu, guest, 'p2m', 'write', 'p2m_pod_demand_populate');
};

function* zeroCheck(machine: Machine, pcpu: number, guest: Guest, gfn: number): Thread {
  const page = ramAt(guest, gfn);
  if (page === undefined || page.count !== 1 || !page.allocated) return;
  const chance = machine.random.next();
  if (chance < 0.2) {
    yield* failToSetEntry(pcpu, guest, gfn, POD);
    return;
  }
  yield* setEntry(pcpu, guest, gfn, POD, undefined);
  yield* machine.flushNow(pcpu, guest);
  if (chance < 0.4) {
    yield* setEntry(pcpu, guest, gfn, 'ram_rw', page);
    return;
  }
  yield m2pSet(pcpu, page);
  yield { kind: 'pod_zero_reclaim', pcpu, domid: guest.domid, gfn: hex(gfn), mfn: hex(page.mfn), order: 0 };
  guest.cache.push(page);
  yield cacheLine('pod_cache_add', pcpu, guest, page);
  guest.podCount++;
}
