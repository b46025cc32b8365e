import {
  anyGfn,
  failToSetEntry,
  gfnOfType,
  lookup,
  m2pSet,
  type Operation,
  putGfn,
  ramAt,
  setEntry,
  typeOf,
} from './entries.js';
import { hex } from './event-line.js';
import { isShared } from './page.js';

/** Of removals: how many fail for want of memory (p2m_remove_page). */
const FAILING = 0.05;

/** populate_physmap: a new page behind an empty gfn (guest_physmap_add_entry). */
export const populate: Operation = function* (machine, pcpu, guest) {
  const gfn = gfnOfType(machine, guest, 'invalid');
  if (gfn === undefined) return;
  const page = machine.frame();
  yield* machine.allocate(pcpu, page, guest.domid);
  yield* machine.lock(pcpu, guest, 'p2m', 'write', 'guest_physmap_add_entry');
  yield lookup(machine, pcpu, guest, gfn, []);
  const isEmpty = typeOf(guest, gfn) === 'invalid';
  if (isEmpty) {
    yield* setEntry(pcpu, guest, gfn, 'ram_rw', page);
    yield m2pSet(pcpu, page, gfn);
  }
  yield* machine.unlock(pcpu, guest, 'p2m', 'write', 'guest_physmap_add_entry');
  if (!isEmpty) yield* machine.dropAllocation(pcpu, page);
};

/** get_page_from_gfn, a use, put_page: the safe idiom takes the reference before the lock is dropped. */
export const access: Operation = function* (machine, pcpu, guest) {
  const gfn = gfnOfType(machine, guest, machine.random.next() < 0.1 ? 'ram_shared' : 'ram_rw');
  if (gfn === undefined) return;
  yield* machine.lock(pcpu, guest, 'p2m', 'read', 'p2m_get_page_from_gfn');
  yield lookup(machine, pcpu, guest, gfn, []);
  const page = guest.entries.get(gfn)?.page;
  if (page !== undefined) yield* machine.get(pcpu, page);
  yield* machine.unlock(pcpu, guest, 'p2m', 'read', 'p2m_get_page_from_gfn');
  if (page === undefined) return;
  const domid = page.owner;
  for (const flag of ['map', isShared(page) || machine.random.next() < 0.5 ? 'read' : 'write', 'unmap']) {
    yield { kind: 'page_use', pcpu, mfn: hex(page.mfn), domid, flags: [flag] };
  }
  yield* machine.put(pcpu, page);
};

/** get_gfn, a use under the lock, put_gfn. */
export const critical: Operation = function* (machine, pcpu, guest) {
  const gfn = gfnOfType(machine, guest, 'ram_rw');
  if (gfn === undefined) return;
  yield* machine.lock(pcpu, guest, 'p2m', 'write', 'get_gfn_type_access');
  yield lookup(machine, pcpu, guest, gfn, ['locked']);
  const page = guest.entries.get(gfn)?.page;
  if (page !== undefined) yield { kind: 'page_use', pcpu, mfn: hex(page.mfn), domid: page.owner, flags: ['read'] };
  yield putGfn(pcpu, guest, gfn);
  yield* machine.unlock(pcpu, guest, 'p2m', 'write', 'put_gfn');
};

/** get_gfn_query_unlocked, of which nothing is used: only the type is looked at. */
export const peek: Operation = function* (machine, pcpu, guest) {
  yield lookup(machine, pcpu, guest, anyGfn(machine, guest), []);
};

/**
 * guest_remove_page: the entry goes, then the allocation's reference; the last reference frees the page, before the
 * flush that was put off, or after the lock was dropped. Where the entry cannot be removed, nothing else is.
 */
export const balloonOut: Operation = function* (machine, pcpu, guest) {
  const gfn = gfnOfType(machine, guest, 'ram_rw');
  if (gfn === undefined) return;
  const { random } = machine;
  yield { kind: 'decrease_reservation', pcpu, domid: guest.domid, gfn: hex(gfn), order: 0 };
  yield* machine.lock(pcpu, guest, 'p2m', 'write', 'guest_remove_page');
  yield lookup(machine, pcpu, guest, gfn, ['locked', 'alloc']);
  const page = ramAt(guest, gfn);
  const isRemoved = page !== undefined && random.next() >= FAILING;
  const freesAtOnce = random.next() < 0.5;
  if (page !== undefined) {
    yield* machine.get(pcpu, page);
    yield m2pSet(pcpu, page);
    if (isRemoved) yield* setEntry(pcpu, guest, gfn, 'invalid', undefined);
    else {
      yield* failToSetEntry(pcpu, guest, gfn, 'invalid');
      yield m2pSet(pcpu, page, gfn);
    }
  }
  if (page !== undefined && freesAtOnce) {
    if (isRemoved) yield* machine.dropAllocation(pcpu, page);
    yield* machine.put(pcpu, page);
  }
  yield putGfn(pcpu, guest, gfn);
  yield* machine.unlock(pcpu, guest, 'p2m', 'write', 'guest_remove_page');
  if (page === undefined || freesAtOnce) return;
  if (isRemoved) yield* machine.dropAllocation(pcpu, page);
  yield* machine.put(pcpu, page);
};
