import { lookup, m2pSet, type Operation, putGfn, ramAt, setEntry } from './entries.js';
import { hex, type Thread } from './event-line.js';
import { populate } from './guest-memory.js';
import { type Guest, type Machine, newGuest } from './machine.js';

/** domids of guests that come and go. */
const FIRST_DOMID = 0x2000;
const DOMIDS = 0x4000;
const GFNS = 64;
const PAGES = 24;

/**
 * A guest is made, the pager takes some of its pages, and it dies: its pages are freed with the p2m left as it is
 * (relinquish_memory), while the pager may still look it up.
 */
export const shortLife: Operation = function* (machine, pcpu) {
  const guest = newGuest(FIRST_DOMID + (machine.shortLives++ % DOMIDS), GFNS, machine.recordsAttempts);
  yield { kind: 'domain_create', pcpu, domid: guest.domid };
  for (let i = 0; i < PAGES; i++) yield* populate(machine, pcpu, guest);
  const gfns = [...guest.entries.keys()];
  for (const gfn of gfns.slice(0, PAGES / 4)) yield* pageOut(machine, pcpu, guest, gfn);
  yield { kind: 'domain_dying', pcpu, domid: guest.domid };
  machine.dying.set(guest, 0);
  for (const gfn of gfns) {
    const page = ramAt(guest, gfn);
    if (page === undefined) continue;
    yield* machine.get(pcpu, page);
    yield* machine.dropAllocation(pcpu, page);
    yield* machine.put(pcpu, page);
  }
  // Whoever looks at it has a reference on the domain.
  while (machine.dying.get(guest) !== 0) yield 'wait';
  machine.dying.delete(guest);
  yield { kind: 'domain_destroy', pcpu, domid: guest.domid };
};

/** Nominated and evicted (docs/xen.md#paging), each under the lock. */
function* pageOut(machine: Machine, pcpu: number, guest: Guest, gfn: number): Thread {
  const page = ramAt(guest, gfn);
  if (page === undefined) return;
  yield* machine.lock(pcpu, guest, 'p2m', 'write', 'nominate');
  yield lookup(machine, pcpu, guest, gfn, ['locked']);
  yield* setEntry(pcpu, guest, gfn, 'ram_paging_out', page);
  yield { kind: 'page_nominate', pcpu, domid: guest.domid, gfn: hex(gfn), mfn: hex(page.mfn), rc: 0 };
  yield putGfn(pcpu, guest, gfn);
  yield* machine.unlock(pcpu, guest, 'p2m', 'write', 'nominate');
  yield* machine.lock(pcpu, guest, 'p2m', 'write', 'evict');
  yield lookup(machine, pcpu, guest, gfn, ['locked']);
  yield* machine.get(pcpu, page);
  yield* machine.dropAllocation(pcpu, page);
  yield* setEntry(pcpu, guest, gfn, 'ram_paged', undefined);
  yield { kind: 'page_evict', pcpu, domid: guest.domid, gfn: hex(gfn), mfn: hex(page.mfn), rc: 0 };
  yield m2pSet(pcpu, page);
  yield* machine.put(pcpu, page);
  yield putGfn(pcpu, guest, gfn);
  yield* machine.unlock(pcpu, guest, 'p2m', 'write', 'evict');
}

/** The pager looks for more to take of a guest that is dying, and finds holes. */
export const pagerLooks: Operation = function* (machine, pcpu) {
  const [guest] = machine.dying.keys();
  if (guest === undefined) return;
  machine.dying.set(guest, lookersAt(machine, guest) + 1);
  for (let i = 0; i < 8; i++) {
    const gfn = machine.random.below(guest.size);
    if (guest.entries.get(gfn)?.page !== undefined) continue;
    yield* machine.lock(pcpu, guest, 'p2m', 'write', 'nominate');
    yield lookup(machine, pcpu, guest, gfn, ['locked']);
    yield putGfn(pcpu, guest, gfn);
    yield* machine.unlock(pcpu, guest, 'p2m', 'write', 'nominate');
  }
  machine.dying.set(guest, lookersAt(machine, guest) - 1);
};

const lookersAt = ({ dying }: Machine, guest: Guest): number => dying.get(guest) ?? 0;
