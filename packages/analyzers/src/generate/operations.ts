import { type Guest, hex, type Machine, type Page, type Thread } from './machine.js';

/**
 * What a pcpu does for a guest, one operation after the other, each as in Xen (docs/xen.md#p2m,
 * docs/xen.md#pod).
 */
type Operation = (machine: Machine, pcpu: number, guest: Guest) => Thread;

/** An entry of the guest with this type, undefined if none was found. */
function entryOf({ random }: Machine, guest: Guest, type: string): [gfn: number, page: Page | undefined] | undefined {
  for (let tries = 0; tries < 8; tries++) {
    const gfn = random.below(guest.size);
    const entry = guest.entries.get(gfn);
    if ((entry?.type ?? 'invalid') === type) return [gfn, entry?.page];
  }
  return undefined;
}

function setEntry(pcpu: number, guest: Guest, gfn: number, type: string, page: Page | undefined) {
  guest.entries.set(gfn, { type, page });
  const mfn = page === undefined ? {} : { mfn: hex(page.mfn) };
  return { kind: 'set_entry', pcpu, domid: guest.domid, gfn: hex(gfn), ...mfn, order: 0, p2m_type: type };
}

/** A lookup of the entry, under the lock or not. */
function lookup(pcpu: number, guest: Guest, gfn: number, flags: readonly string[]) {
  const { type = 'invalid', page } = guest.entries.get(gfn) ?? {};
  const mfn = page === undefined ? {} : { mfn: hex(page.mfn) };
  return { kind: 'lookup', pcpu, domid: guest.domid, gfn: hex(gfn), ...mfn, order: 0, p2m_type: type, flags };
}

/** populate_physmap: a new page for an empty gfn (guest_physmap_add_entry). */
const populate: Operation = function* (machine, pcpu, guest) {
  const found = entryOf(machine, guest, 'invalid');
  if (found === undefined) return;
  const [gfn] = found;
  const page = machine.frame();
  yield* machine.allocate(pcpu, page, guest.domid);
  yield* machine.lock(pcpu, guest, 'p2m', 'write', 'guest_physmap_add_entry');
  yield lookup(pcpu, guest, gfn, []);
  if (guest.entries.get(gfn)?.page === undefined && guest.entries.get(gfn)?.type !== 'populate_on_demand') {
    yield setEntry(pcpu, guest, gfn, 'ram_rw', page);
    yield { kind: 'm2p_set', pcpu, mfn: hex(page.mfn), gfn: hex(gfn) };
    yield* machine.unlock(pcpu, guest, 'p2m', 'write', 'guest_physmap_add_entry');
  } else {
    yield* machine.unlock(pcpu, guest, 'p2m', 'write', 'guest_physmap_add_entry');
    yield* machine.dropAllocation(pcpu, page);
  }
};

/** get_page_from_gfn, a use, put_page: the safe idiom takes the reference before the lock is dropped. */
const access: Operation = function* (machine, pcpu, guest) {
  const found = entryOf(machine, guest, 'ram_rw');
  if (found === undefined) return;
  const [gfn] = found;
  yield* machine.lock(pcpu, guest, 'p2m', 'read', 'p2m_get_page_from_gfn');
  yield lookup(pcpu, guest, gfn, []);
  const page = guest.entries.get(gfn)?.page;
  if (page !== undefined) yield* machine.get(pcpu, page);
  yield* machine.unlock(pcpu, guest, 'p2m', 'read', 'p2m_get_page_from_gfn');
  if (page === undefined) return;
  for (const flag of ['map', machine.random.next() < 0.5 ? 'read' : 'write', 'unmap']) {
    yield { kind: 'page_use', pcpu, mfn: hex(page.mfn), domid: guest.domid, flags: [flag] };
  }
  yield* machine.put(pcpu, page);
};

/** get_gfn, a use under the lock, put_gfn. */
const critical: Operation = function* (machine, pcpu, guest) {
  const found = entryOf(machine, guest, 'ram_rw');
  if (found === undefined) return;
  const [gfn] = found;
  yield* machine.lock(pcpu, guest, 'p2m', 'write', 'get_gfn_type_access');
  yield lookup(pcpu, guest, gfn, ['locked']);
  const page = guest.entries.get(gfn)?.page;
  if (page !== undefined) yield { kind: 'page_use', pcpu, mfn: hex(page.mfn), domid: guest.domid, flags: ['read'] };
  yield { kind: 'put_gfn', pcpu, domid: guest.domid, gfn: hex(gfn) };
  yield* machine.unlock(pcpu, guest, 'p2m', 'write', 'put_gfn');
};

/** guest_remove_page: removes the entry, then the allocation's reference; the last reference frees the page. */
const balloonOut: Operation = function* (machine, pcpu, guest) {
  const found = entryOf(machine, guest, 'ram_rw');
  if (found === undefined) return;
  const [gfn] = found;
  yield* machine.lock(pcpu, guest, 'p2m', 'write', 'guest_remove_page');
  yield lookup(pcpu, guest, gfn, ['locked', 'alloc']);
  const page = guest.entries.get(gfn)?.page;
  if (page !== undefined) {
    yield* machine.get(pcpu, page);
    yield setEntry(pcpu, guest, gfn, 'invalid', undefined);
    yield { kind: 'm2p_set', pcpu, mfn: hex(page.mfn) };
    yield { kind: 'tlb_flush', pcpu, domid: guest.domid };
  }
  yield { kind: 'put_gfn', pcpu, domid: guest.domid, gfn: hex(gfn) };
  yield* machine.unlock(pcpu, guest, 'p2m', 'write', 'guest_remove_page');
  if (page === undefined) return;
  yield* machine.dropAllocation(pcpu, page);
  yield* machine.put(pcpu, page);
};

/** Adds a frame to the PoD cache (p2m_pod_set_mem_target). */
const podFill: Operation = function* (machine, pcpu, guest) {
  const page = machine.frame();
  yield* machine.allocate(pcpu, page, guest.domid);
  yield* machine.lock(pcpu, guest, 'pod', 'mutex', 'p2m_pod_set_cache_target');
  guest.cache.push(page);
  yield { kind: 'pod_cache_add', pcpu, domid: guest.domid, mfn: hex(page.mfn), order: 0, count: guest.cache.length };
  yield* machine.unlock(pcpu, guest, 'pod', 'mutex', 'p2m_pod_set_cache_target');
};

/** Marks an empty gfn populate-on-demand (guest_physmap_mark_populate_on_demand). */
const podMark: Operation = function* (machine, pcpu, guest) {
  const found = entryOf(machine, guest, 'invalid');
  if (found === undefined) return;
  const [gfn] = found;
  yield* machine.lock(pcpu, guest, 'p2m', 'write', 'guest_physmap_mark_populate_on_demand');
  yield lookup(pcpu, guest, gfn, []);
  if ((guest.entries.get(gfn)?.type ?? 'invalid') === 'invalid')
    yield setEntry(pcpu, guest, gfn, 'populate_on_demand', undefined);
  yield* machine.unlock(pcpu, guest, 'p2m', 'write', 'guest_physmap_mark_populate_on_demand');
};

/** A guest touches a populate-on-demand gfn, which gets a frame of the cache (p2m_pod_demand_populate). */
const podDemand: Operation = function* (machine, pcpu, guest) {
  const found = entryOf(machine, guest, 'populate_on_demand');
  if (found === undefined) return;
  const [gfn] = found;
  yield* machine.lock(pcpu, guest, 'p2m', 'write', 'p2m_get_gfn_type_access');
  if (guest.entries.get(gfn)?.type === 'populate_on_demand') {
    yield* machine.lock(pcpu, guest, 'pod', 'mutex', 'p2m_pod_demand_populate');
    const page = guest.cache.pop();
    if (page !== undefined) {
      yield {
        kind: 'pod_cache_get',
        pcpu,
        domid: guest.domid,
        mfn: hex(page.mfn),
        order: 0,
        count: guest.cache.length,
      };
      yield setEntry(pcpu, guest, gfn, 'ram_rw', page);
      yield { kind: 'm2p_set', pcpu, mfn: hex(page.mfn), gfn: hex(gfn) };
      yield { kind: 'pod_populate', pcpu, domid: guest.domid, gfn: hex(gfn), mfn: hex(page.mfn), order: 0 };
    }
    yield* machine.unlock(pcpu, guest, 'pod', 'mutex', 'p2m_pod_demand_populate');
  }
  yield* machine.unlock(pcpu, guest, 'p2m', 'write', 'p2m_get_gfn_type_access');
};

/** Every operation, and how often each scenario does it. */
export const OPERATIONS = { populate, access, critical, balloonOut, podFill, podMark, podDemand };
export type OperationName = keyof typeof OPERATIONS;

export const SCENARIOS: Readonly<Record<string, Readonly<Record<OperationName, number>>>> = {
  mixed: { populate: 4, access: 6, critical: 3, balloonOut: 3, podFill: 1, podMark: 1, podDemand: 2 },
  balloon: { populate: 5, access: 2, critical: 1, balloonOut: 5, podFill: 0, podMark: 0, podDemand: 0 },
  pod: { populate: 1, access: 2, critical: 1, balloonOut: 3, podFill: 3, podMark: 3, podDemand: 5 },
  lookups: { populate: 2, access: 10, critical: 6, balloonOut: 1, podFill: 0, podMark: 0, podDemand: 0 },
};
