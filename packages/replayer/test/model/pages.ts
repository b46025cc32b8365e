import { decodeCountInfo } from '@p2mtrace/trace-format';
import { snapshotOf, type TraceEvent } from './event.js';
import { isFailed, type Mechanism, type Model } from './model.js';
import { frames } from './p2m.js';

/** What is known of a frame's page_info; what is undefined is unknown. */
export interface Page {
  generation: number;
  life: 'allocated' | 'free' | undefined;
  /** null for a page of nobody. */
  owner: number | null | undefined;
  count_info: bigint | undefined;
  type_info: bigint | undefined;
  /** Its count is one of references: PGC_allocated or an owner was seen in this life. */
  isCounted: boolean;
  /** The event that told or changed each of these last; null for before the trace. */
  lifeSince: number | null;
  countSince: number | null;
  typeSince: number | null;
}

const UNKNOWN = { life: undefined, owner: undefined, count_info: undefined, type_info: undefined, isCounted: false };

/** By frame, and how many counts contradicted the layout. */
export const newPages = () => Object.assign(new Map<bigint, Page>(), { layoutDoubts: 0 });

export function pageOf(model: Model, mfn: bigint): Page {
  const page = model.pages.get(mfn) ?? {
    generation: 0,
    ...UNKNOWN,
    lifeSince: null,
    countSince: null,
    typeSince: null,
  };
  model.pages.set(mfn, page);
  return page;
}

function pagesOf(model: Model, { mfn, order = 0 }: TraceEvent): Page[] {
  if (mfn === undefined) return [];
  return Array.from({ length: Number(frames(order)) }, (_, i) => pageOf(model, mfn + BigInt(i)));
}

/** count_info with its count moved, the flags as they are. */
export function moved(info: bigint, by: bigint, width: number): bigint {
  const mask = frames(width) - 1n;
  return (info & ~mask) | ((info + by) & mask);
}

function allocate(model: Model, event: TraceEvent): void {
  const allocated = 1n << BigInt(model.profile.countBits.allocated);
  // A page of nobody may be given to somebody in ways that are not recorded, with a count and a type.
  const isOwned = event.owner !== undefined;
  for (const page of pagesOf(model, event)) {
    page.generation++;
    page.life = 'allocated';
    page.owner = event.owner ?? null;
    page.type_info = isOwned ? 0n : undefined;
    page.count_info = event.count_info ?? (isOwned ? allocated | 1n : undefined);
    page.isCounted = isOwned;
    enterCounting(model, page);
    page.lifeSince = page.countSince = page.typeSince = model.now;
  }
}

function free(model: Model, event: TraceEvent): void {
  for (const page of pagesOf(model, event)) Object.assign(page, { ...UNKNOWN, life: 'free', lifeSince: model.now });
  const { mfn = 0n, order = 0 } = event;
  noteTeardown(model, mfn, mfn + frames(order));
}

/** Frames were freed; of domains that map them it looks as if they were being torn down. */
function noteTeardown(model: Model, from: bigint, end: bigint): void {
  for (const { domid, leaves } of model.p2m.tables.values()) {
    if (leaves.maps(from, end)) model.p2m.tornDown.add(domid);
  }
}

/**
 * What is seen with PGC_allocated or an owner is under reference counting. An owner that a reference shows says nothing
 * (`byOwner` false) of a page that was allocated without one.
 */
function enterCounting(model: Model, page: Page, byOwner = true): void {
  const isAllocated =
    page.count_info !== undefined && decodeCountInfo(model.profile, page.count_info).bits.includes('allocated');
  if (isAllocated || (byOwner && page.owner !== undefined && page.owner !== null)) page.isCounted = true;
}

/** What moves the count by so many where it succeeds. */
function reference(by: bigint) {
  return (model: Model, event: TraceEvent) => {
    if (event.mfn === undefined) return;
    const page = pageOf(model, event.mfn);
    const move = isFailed(event) ? 0n : by;
    const before = page.count_info;
    if (page.count_info !== undefined) {
      page.count_info = moved(page.count_info, move, model.profile.countWidth);
      if (event.kind === 'alloc_ref_drop') page.count_info &= ~(1n << BigInt(model.profile.countBits.allocated));
    }
    checkCount(model, page, event, before, move);
    if (move !== 0n || event.count_info !== undefined) page.countSince = model.now;
    page.owner = event.owner ?? page.owner;
    if (event.owner !== undefined || event.count_info !== undefined) {
      enterCounting(model, page, page.life !== 'allocated');
    }
  };
}

/** 32-bit words have their flags from bit 26 on, others from 48 at the lowest. */
function differsInFlags(before: bigint, by: bigint, after: bigint): boolean {
  const isShort = before < 1n << 32n && after < 1n << 32n;
  const countBits = ((1n << 48n) - 1n) & ~(isShort ? 0xfc00_0000n : 0n);
  return ((BigInt.asUintN(64, before + by) ^ after) & countBits) === 0n;
}

/** The recorded count is checked; then the whole word holds, flags and all. */
function checkCount(
  model: Model,
  page: Page,
  { count_info }: TraceEvent,
  before: bigint | undefined,
  by: bigint,
): void {
  if (count_info === undefined) return;
  const count = (info: bigint) => decodeCountInfo(model.profile, info).count;
  if (page.count_info !== undefined && page.isCounted) {
    const [expected, seen] = [count(page.count_info), count(count_info)];
    // What differs in flags' bits alone is another layout's; that is said once.
    const isLayout = before !== undefined && differsInFlags(before, by, count_info);
    if (expected !== seen && isLayout) model.pages.layoutDoubts++;
    const isTold = !isLayout || model.pages.layoutDoubts === 1;
    if (expected !== seen && isTold) model.diverge(isLayout ? 'layout' : 'count_info', expected, seen, page.countSince);
  }
  page.count_info = count_info;
}

function setOwner(model: Model, event: TraceEvent): void {
  if (event.mfn === undefined) return;
  const page = pageOf(model, event.mfn);
  page.owner = event.owner ?? null;
  // Without an owner it is out, and its count is unknown, unless the event tells it.
  if (page.owner === null) Object.assign(page, { isCounted: false, count_info: undefined });
  // What changes owners may set the count without a get or put (docs/xen.md#count-writers).
  if (event.count_info !== undefined) Object.assign(page, { count_info: event.count_info, countSince: model.now });
  if (page.owner !== null || event.count_info !== undefined) enterCounting(model, page);
}

function snapshot(model: Model, event: TraceEvent): void {
  if (snapshotOf(event) !== 'page' || event.mfn === undefined) return;
  const page = pageOf(model, event.mfn);
  if (event.flags?.includes('free')) Object.assign(page, { ...UNKNOWN, life: 'free', lifeSince: null });
  else if (event.flags?.includes('allocated')) Object.assign(page, { life: 'allocated', lifeSince: null });
  page.generation = Number(event.generation ?? page.generation);
  if (event.count_info !== undefined) Object.assign(page, { count_info: event.count_info, countSince: null });
  if (event.type_info !== undefined) Object.assign(page, { type_info: event.type_info, typeSince: null });
  page.owner = event.flags?.includes('unowned') ? null : (event.owner ?? page.owner);
  if (event.flags?.includes('free')) noteTeardown(model, event.mfn, event.mfn + 1n);
  if (event.flags?.includes('counted')) page.isCounted = true;
  enterCounting(model, page, page.life !== 'allocated');
}

/** The count of a p2m's table is nobody's, and its owner and type are written raw. */
function becomeTable(model: Model, event: TraceEvent): void {
  const unknown = { count_info: undefined, type_info: undefined, owner: undefined, isCounted: false };
  for (const page of pagesOf(model, event)) Object.assign(page, unknown);
}

export const pages: Mechanism = {
  page_alloc: allocate,
  page_free: free,
  get_page: reference(1n),
  get_page_failed: reference(0n),
  put_page: reference(-1n),
  alloc_ref_drop: reference(-1n),
  owner_set: setOwner,
  p2m_table_alloc: becomeTable,
  snapshot,
};
