import { MM_LOCK_LEVEL, type MmLock } from '@p2mtrace/trace-format';
import type { Random } from './random.js';

/** An event as in NDJSON. */
export type EventLine = Readonly<Record<string, unknown>>;
/** What a thread does next: an event, or it waits for a lock. */
export type Step = EventLine | 'wait';
export type Thread = Generator<Step, void>;

export interface Page {
  readonly mfn: number;
  owner: number;
  count: number;
  allocated: boolean;
}

/** A guest: its gfns, each with its p2m entry. */
export interface Guest {
  readonly domid: number;
  readonly entries: Map<number, { readonly type: string; readonly page: Page | undefined }>;
  /** gfns are from 0 to below this. */
  readonly size: number;
  /** Frames of the PoD cache. */
  readonly cache: Page[];
}

type Mode = 'write' | 'read' | 'mutex';

const PGC_ALLOCATED = 1n << 63n;

/** The machine that a workload runs on: frames, guests, and the locks of their p2ms, as in Xen. */
export class Machine {
  readonly random: Random;
  readonly guests: Guest[] = [];
  private readonly free: number[];
  private readonly locks = new Map<string, { writer: number; readers: number }>();
  private nextMfn = 0x100000;

  constructor(random: Random) {
    this.random = random;
    this.free = [];
  }

  /** A free frame; freed ones are reused in no particular order. */
  frame(): Page {
    const reuse = this.free.length > 64 || (this.free.length > 0 && this.random.next() < 0.5);
    const mfn = reuse ? (this.free.splice(this.random.below(this.free.length), 1)[0] as number) : this.nextMfn++;
    return { mfn, owner: -1, count: 0, allocated: false };
  }

  release({ mfn }: Page): void {
    this.free.push(mfn);
  }

  /** Takes a lock of a guest; waits while another pcpu has it. */
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

  *unlock(pcpu: number, { domid }: Guest, name: MmLock, mode: Mode, caller: string): Thread {
    const address = lockAddress(domid, name);
    const state = this.locks.get(address)!;
    if (mode === 'read') state.readers--;
    else state.writer = -1;
    yield {
      kind: 'lock_release',
      pcpu,
      lock: address,
      lock_class: name,
      level: MM_LOCK_LEVEL[name],
      mode,
      depth: 1,
      ...site(caller),
    };
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
    // The pcpu whose put makes it 0 frees the page: another may drop its own reference before this one goes on.
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
    yield { kind: 'page_free', pcpu, mfn: hex(page.mfn), order: 0 };
    this.release(page);
  }
}

export const hex = (value: number): string => `0x${value.toString(16)}`;
const countInfo = ({ count, allocated }: Page) =>
  `0x${(BigInt(count) | (allocated ? PGC_ALLOCATED : 0n)).toString(16)}`;
const lockAddress = (domid: number, name: MmLock) =>
  `0xffff8301${hex(0x10000000 + domid * 0x10000 + MM_LOCK_LEVEL[name] * 16).slice(2)}`;

/** A call site: an address made from the function's name. */
function site(symbol: string): EventLine {
  let hash = 0;
  for (const character of symbol) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) >>> 0;
  return { caller: `0xffff82d04${(hash & 0xfff_ffff).toString(16).padStart(7, '0')}`, symbol };
}
