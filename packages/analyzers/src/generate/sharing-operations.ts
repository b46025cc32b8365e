import { DOMID_COW } from '@p2mtrace/trace-format';
import { gfnOfType, lookup, m2pSet, type Operation, putGfn, ramAt, setEntry, typeOf } from './entries.js';
import { type EventLine, hex, type Thread } from './event-line.js';
import type { Guest, Machine } from './machine.js';
import { isShared, type Page, typeInfo } from './page.js';

/** What is requested of get_page_type: PGT_shared_page of layout P6. */
const REQUESTED = '0xc000000000000000';

/** Two pages are nominated and, if nobody got in between, shared (docs/xen.md#sharing-share). */
export const share: Operation = function* (machine, pcpu, guest) {
  const others = machine.guests.filter(({ domid }) => domid > guest.domid);
  if (others.length === 0) return;
  const other = machine.random.pick(others);
  const source = gfnOfType(machine, guest, machine.random.next() < 0.5 ? 'ram_shared' : 'ram_rw');
  const client = gfnOfType(machine, other, 'ram_rw');
  if (source === undefined || client === undefined) return;
  yield* nominate(machine, pcpu, guest, source);
  yield* nominate(machine, pcpu, other, client);
  yield* machine.lock(pcpu, guest, 'p2m', 'write', 'share_pages');
  yield lookup(machine, pcpu, guest, source, ['locked']);
  yield* machine.lock(pcpu, other, 'p2m', 'write', 'share_pages');
  yield lookup(machine, pcpu, other, client, ['locked']);
  const [from, to] = [guest.entries.get(source)?.page, other.entries.get(client)?.page];
  if (from !== undefined && to !== undefined && from !== to && isShared(from) && isShared(to) && to.sharers === 1)
    yield* join(machine, pcpu, other, client, from, to);
  yield putGfn(pcpu, other, client);
  yield* machine.unlock(pcpu, other, 'p2m', 'write', 'share_pages');
  yield putGfn(pcpu, guest, source);
  yield* machine.unlock(pcpu, guest, 'p2m', 'write', 'share_pages');
};

/** nominate_page: with nobody else's reference the page becomes dom_cow's (docs/xen.md#sharing-nominate). */
function* nominate(machine: Machine, pcpu: number, guest: Guest, gfn: number): Thread {
  yield* machine.lock(pcpu, guest, 'p2m', 'write', 'nominate_page');
  yield lookup(machine, pcpu, guest, gfn, ['locked']);
  const page = ramAt(guest, gfn);
  if (page !== undefined) {
    yield* machine.get(pcpu, page);
    yield* getType(pcpu, page);
    if (page.count === 2 && page.allocated) yield* makeSharable(pcpu, guest, gfn, page);
    else {
      yield* putType(pcpu, page);
      yield* machine.put(pcpu, page);
    }
  }
  yield putGfn(pcpu, guest, gfn);
  yield* machine.unlock(pcpu, guest, 'p2m', 'write', 'nominate_page');
}

function* makeSharable(pcpu: number, guest: Guest, gfn: number, page: Page): Thread {
  const mfn = hex(page.mfn);
  page.owner = DOMID_COW;
  page.sharers = 1;
  yield { kind: 'owner_set', pcpu, mfn, owner: DOMID_COW, old_owner: guest.domid, count_info: '0x8000000000000002' };
  yield sharingLine('rmap_add', pcpu, guest, gfn, page);
  yield* setEntry(pcpu, guest, gfn, 'ram_shared', page);
  yield { ...m2pSet(pcpu, page), flags: ['shared'] };
  yield sharingLine('share_nominate', pcpu, guest, gfn, page);
}

/** The client's gfn joins the source's page, which is locked meanwhile, and its own page goes. */
function* join(machine: Machine, pcpu: number, guest: Guest, gfn: number, source: Page, client: Page): Thread {
  yield* machine.get(pcpu, source);
  yield* getType(pcpu, source, true);
  client.sharers = 0;
  yield sharingLine('rmap_del', pcpu, guest, gfn, client);
  source.sharers++;
  yield sharingLine('rmap_add', pcpu, guest, gfn, source);
  yield* setEntry(pcpu, guest, gfn, 'ram_shared', source);
  yield sharingLine('share_pages', pcpu, guest, gfn, source);
  yield m2pSet(pcpu, client);
  yield* machine.dropAllocation(pcpu, client);
  yield* putType(pcpu, client);
  yield* machine.put(pcpu, client);
}

/** A guest writes to a shared page and gets a copy (docs/xen.md#sharing-unshare). */
export const unshare: Operation = function* (machine, pcpu, guest) {
  const gfn = gfnOfType(machine, guest, 'ram_shared');
  if (gfn === undefined) return;
  yield* machine.lock(pcpu, guest, 'p2m', 'write', '__mem_sharing_unshare_page');
  yield lookup(machine, pcpu, guest, gfn, ['locked', 'alloc']);
  const page = guest.entries.get(gfn)?.page;
  if (page !== undefined && typeOf(guest, gfn) === 'ram_shared' && page.sharers > 1) {
    const copy = machine.frame();
    yield* machine.allocate(pcpu, copy, guest.domid);
    yield* setEntry(pcpu, guest, gfn, 'ram_shared', copy);
    page.sharers--;
    yield sharingLine('rmap_del', pcpu, guest, gfn, page);
    yield sharingLine('unshare', pcpu, guest, gfn, page);
    yield* putType(pcpu, page);
    yield* machine.put(pcpu, page);
    yield* setEntry(pcpu, guest, gfn, 'ram_rw', copy);
    yield m2pSet(pcpu, copy, gfn);
  }
  yield putGfn(pcpu, guest, gfn);
  yield* machine.unlock(pcpu, guest, 'p2m', 'write', '__mem_sharing_unshare_page');
};

function* getType(pcpu: number, page: Page, locked = false): Thread {
  page.types++;
  const info = { type_info: typeInfo(page, locked), rc: 0, requested: REQUESTED };
  yield { kind: 'get_type', pcpu, mfn: hex(page.mfn), ...info };
}

function* putType(pcpu: number, page: Page): Thread {
  page.types--;
  yield { kind: 'put_type', pcpu, mfn: hex(page.mfn), type_info: typeInfo(page) };
}

const sharingLine = (kind: string, pcpu: number, { domid }: Guest, gfn: number, page: Page): EventLine => {
  return { kind, pcpu, domid, gfn: hex(gfn), mfn: hex(page.mfn), rmap_count: page.sharers };
};
