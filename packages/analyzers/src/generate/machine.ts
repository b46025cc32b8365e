import { MM_LOCK_LEVEL, type MmLock } from '@p2mtrace/trace-format';
import { hex, site, type Thread } from './event-line.js';
import { countInfo, newPage, type Page } from './page.js';
import type { Random } from './random.js';

/** A guest: its gfns, each with what the p2m says. */
export interface Guest {
  readonly domid: number;
  readonly entries: Map<number, { readonly type: string; readonly page: Page | undefined }>;
  /** gfns from 0 to below. */
  readonly size: number;
  /** Stock Xen's record of each attempt to write an entry is there, besides the one of its result. */
  readonly recordsAttempts: boolean;
  /** Frames of the PoD cache. */
  readonly cache: Page[];
  /** PoD's entry_count. */
  podCount: number;
  /** Frames whose entries went since the last TLB flush; there is one due if there are any. */
  stale: Page[];
}

export const newGuest = (domid: number, size: number, recordsAttempts: boolean): Guest => {
  return { domid, entries: new Map(), size, recordsAttempts, cache: [], podCount: 0, stale: [] };
};

type Mode = 'write' | 'read' | 'mutex';

/** The machine that a workload runs on: frames, guests, and the locks of their p2ms, as Xen keeps them. */
export class Machine {
  readonly random: Random;
  /** Of all guests. */
  readonly recordsAttempts: boolean;
  readonly guests: Guest[] = [];
  /** Those whose pages are being freed, and how many pcpus look at them nevertheless. */
  readonly dying = new Map<Guest, number>();
  /** Guests that came and went. */
  shortLives = 0;
  /** Pages of pools of Xen's own. */
  readonly pool: Page[] = [];
  private readonly free: number[] = [];
  private readonly locks = new Map<string, { writer: number; readers: number }>();
  private nextMfn = 0x100000;

  constructor(random: Random) {
    this.random = random;
    this.recordsAttempts = random.next() < 0.5;
  }

  /** A frame that nobody has; freed ones come back in no order. */
  frame(): Page {
    const reuse = this.free.length > 64 || (this.free.length > 0 && this.random.next() < 0.5);
    return newPage(reuse ? (this.free.splice(this.random.below(this.free.length), 1)[0] as number) : this.nextMfn++);
  }

  /** The allocator has it; it gives none away that TLBs may still know. */
  release(page: Page): void {
    if (page.isStale) page.isFreed = true;
    else this.free.push(page.mfn);
  }

  /** Takes a lock of a guest, waiting while another pcpu has it. */
  *lock(pcpu: number, { domid }: Guest, name: MmLock, mode: Mode, caller: string): Thread {
    const address = lockAddress(domid, name);
    const state = this.locks.get(address) ?? { writer: -1, readers: 0 };
    this.locks.set(address, state);
    const blocked = () => state.writer >= 0 || (mode !== 'read' && state.readers > 0);
    const event = { pcpu, lock: address, lock_class: name, level: MM_LOCK_LEVEL[name], mode, ...site(caller) };
    if (blocked()) yield { kind: 'lock_wait', ...event };
    while (blocked()) yield 'wait';
    if (mode === 'read') state.readers++;
    else state.writer = pcpu;
    yield { kind: 'lock_acquire', ...event, depth: 1 };
  }

  /** Whoever drops the p2m lock flushes then, if a flush was put off (p2m_unlock_and_tlb_flush). */
  *unlock(pcpu: number, guest: Guest, name: MmLock, mode: Mode, caller: string): Thread {
    const address = lockAddress(guest.domid, name);
    const state = this.locks.get(address)!;
    const stale = name === 'p2m' && mode === 'write' ? takeStale(guest) : [];
    if (mode === 'read') state.readers--;
    else state.writer = -1;
    const level = MM_LOCK_LEVEL[name];
    yield { kind: 'lock_release', pcpu, lock: address, lock_class: name, level, mode, depth: 1, ...site(caller) };
    if (stale.length > 0) yield* this.flush(pcpu, guest, stale);
  }

  /** Flushes at once what was put off (p2m_tlb_flush_sync). */
  *flushNow(pcpu: number, guest: Guest): Thread {
    if (guest.stale.length > 0) yield* this.flush(pcpu, guest, takeStale(guest));
  }

  private *flush(pcpu: number, { domid }: Guest, stale: readonly Page[]): Thread {
    for (const page of stale) page.isStale = false;
    yield { kind: 'tlb_flush', pcpu, domid };
    for (const page of stale) {
      if (page.isFreed) this.free.push(page.mfn);
      // It may be there twice.
      page.isFreed = false;
    }
  }

  *allocate(pcpu: number, page: Page, owner: number): Thread {
    Object.assign(page, { owner, count: 1, allocated: true });
    yield { kind: 'page_alloc', pcpu, mfn: hex(page.mfn), order: 0, owner, count_info: countInfo(page) };
  }

  *get(pcpu: number, page: Page): Thread {
    page.count++;
    yield { kind: 'get_page', pcpu, mfn: hex(page.mfn), owner: page.owner, count_info: countInfo(page) };
  }

  /** Drops a reference; the last one frees the page. */
  *put(pcpu: number, page: Page): Thread {
    // Whoever makes it 0 frees: another pcpu may drop its own before this one goes on.
    const isLast = --page.count === 0;
    yield { kind: 'put_page', pcpu, mfn: hex(page.mfn), owner: page.owner, count_info: countInfo(page) };
    if (isLast) yield* this.freed(pcpu, page);
  }

  /** Drops the allocation's own reference. */
  *dropAllocation(pcpu: number, page: Page): Thread {
    const isLast = --page.count === 0;
    page.allocated = false;
    yield { kind: 'alloc_ref_drop', pcpu, mfn: hex(page.mfn), owner: page.owner, count_info: countInfo(page) };
    if (isLast) yield* this.freed(pcpu, page);
  }

  private *freed(pcpu: number, page: Page): Thread {
    yield { kind: 'page_free', pcpu, mfn: hex(page.mfn), order: 0, owner: page.owner };
    this.release(page);
  }
}

function takeStale(guest: Guest): Page[] {
  const { stale } = guest;
  guest.stale = [];
  return stale;
}

const lockAddress = (domid: number, name: MmLock): string =>
  `0xffff8301${hex(0x10000000 + domid * 0x10000 + MM_LOCK_LEVEL[name] * 16).slice(2)}`;
