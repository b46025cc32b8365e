import { type EventLine, hex, type Thread } from './event-line.js';
import type { Guest, Machine } from './machine.js';
import type { Page } from './page.js';

/**
 * What a pcpu does for a guest, one operation after the other. Each is as Xen does it (docs/xen.md#p2m,
 * docs/xen.md#pod).
 */
export type Operation = (machine: Machine, pcpu: number, guest: Guest) => Thread;

export const typeOf = (guest: Guest, gfn: number): string => guest.entries.get(gfn)?.type ?? 'invalid';

/** gfns that much is done with, so that pcpus meet there; and how much. */
const BUSY = 3;
const BUSY_PART = 0.4;

/** Any gfn of the guest, a busy one more often. */
export const anyGfn = ({ random }: Machine, { size }: Guest): number =>
  random.below(random.next() < BUSY_PART ? BUSY : size);

/** An entry of the guest of that type, undefined for none that was found. */
export function gfnOfType(machine: Machine, guest: Guest, type: string): number | undefined {
  for (let tries = 0; tries < 8; tries++) {
    const gfn = anyGfn(machine, guest);
    if (typeOf(guest, gfn) === type) return gfn;
  }
  return undefined;
}

/** The page behind the gfn if it is plain RAM. */
export function ramAt(guest: Guest, gfn: number): Page | undefined {
  const entry = guest.entries.get(gfn);
  return entry?.type === 'ram_rw' ? entry.page : undefined;
}

/** Writes an entry, under the lock. The TLB flush for one that it replaces is put off (docs/xen.md#deferred-flush). */
export function* setEntry(pcpu: number, guest: Guest, gfn: number, type: string, page: Page | undefined): Thread {
  yield* attempt(pcpu, guest, gfn, type, page);
  const old = guest.entries.get(gfn)?.page;
  guest.entries.set(gfn, { type, page });
  if (old !== undefined) {
    old.isStale = true;
    guest.stale.push(old);
    yield { kind: 'tlb_flush_deferred', pcpu, domid: guest.domid };
  }
  yield setEntryLine(pcpu, guest, gfn, type, page);
}

/** There was no memory for it, and the entry stays as it is. */
export function* failToSetEntry(pcpu: number, guest: Guest, gfn: number, type: string): Thread {
  yield* attempt(pcpu, guest, gfn, type, undefined);
  yield { ...setEntryLine(pcpu, guest, gfn, type, undefined), rc: -12, flags: ['failed'] };
}

/** What stock Xen records before it writes an entry, whatever comes of it. */
function* attempt(pcpu: number, guest: Guest, gfn: number, type: string, page: Page | undefined): Thread {
  if (guest.recordsAttempts) yield { ...setEntryLine(pcpu, guest, gfn, type, page), flags: ['attempt'] };
}

function setEntryLine(pcpu: number, { domid }: Guest, gfn: number, type: string, page: Page | undefined): EventLine {
  const mfn = page === undefined ? {} : { mfn: hex(page.mfn) };
  return { kind: 'set_entry', pcpu, domid, gfn: hex(gfn), ...mfn, order: 0, p2m_type: type };
}

/** What the entry says, under the lock or not. A hole is called by either of its names (docs/xen.md#p2m-types). */
export function lookup({ random }: Machine, pcpu: number, guest: Guest, gfn: number, flags: readonly string[]) {
  const { type = 'invalid', page } = guest.entries.get(gfn) ?? {};
  const mfn = page === undefined ? {} : { mfn: hex(page.mfn) };
  const name = type === 'invalid' && random.next() < 0.5 ? 'mmio_dm' : type;
  return { kind: 'lookup', pcpu, domid: guest.domid, gfn: hex(gfn), ...mfn, order: 0, p2m_type: name, flags };
}

export const m2pSet = (pcpu: number, { mfn }: Page, gfn?: number): EventLine => {
  return { kind: 'm2p_set', pcpu, mfn: hex(mfn), ...(gfn === undefined ? {} : { gfn: hex(gfn) }) };
};

export const putGfn = (pcpu: number, { domid }: Guest, gfn: number): EventLine => {
  return { kind: 'put_gfn', pcpu, domid, gfn: hex(gfn) };
};
