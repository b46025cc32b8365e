import { decodeCountInfo } from '@p2mtrace/trace-format';
import type { TraceEvent } from './event.js';
import type { Mechanism, Model } from './model.js';
import { frames } from './p2m.js';

/** What is known of a frame's page_info; what is undefined is unknown. */
export interface Page {
  generation: number;
  life: 'allocated' | 'free' | undefined;
  /** null for a page of nobody. */
  owner: number | null | undefined;
  count_info: bigint | undefined;
  type_info: bigint | undefined;
}

export const newPages = () => new Map<bigint, Page>();

export function pageOf(model: Model, mfn: bigint): Page {
  let page = model.pages.get(mfn);
  if (page === undefined) {
    page = { generation: 0, life: undefined, owner: undefined, count_info: undefined, type_info: undefined };
    model.pages.set(mfn, page);
  }
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
  for (const page of pagesOf(model, event)) {
    page.generation++;
    page.life = 'allocated';
    page.owner = event.owner ?? null;
    // A page of nobody may be given to somebody in ways that are not recorded, with a count and a type.
    page.type_info = event.owner === undefined ? undefined : 0n;
    page.count_info = event.owner === undefined ? undefined : allocated | 1n;
    recordCount(model, page, event);
  }
}

function free(model: Model, event: TraceEvent): void {
  for (const page of pagesOf(model, event)) {
    page.life = 'free';
    page.owner = undefined;
    page.count_info = undefined;
    page.type_info = undefined;
  }
}

/** Checks the count that the event recorded, which then holds with all its flags. */
function recordCount(model: Model, page: Page, { count_info }: TraceEvent): void {
  if (count_info === undefined) return;
  const count = (info: bigint | undefined) => info && decodeCountInfo(model.profile, info).count;
  model.check('count_info', count(page.count_info), count(count_info));
  page.count_info = count_info;
}

/** What moves the count by so many. */
function reference(by: bigint) {
  return (model: Model, event: TraceEvent) => {
    if (event.mfn === undefined) return;
    const page = pageOf(model, event.mfn);
    if (page.count_info !== undefined) {
      page.count_info = moved(page.count_info, by, model.profile.countWidth);
      if (event.kind === 'alloc_ref_drop') page.count_info &= ~(1n << BigInt(model.profile.countBits.allocated));
    }
    recordCount(model, page, event);
    // Of a page that was not got, the event has no owner that would be the page's.
    if (event.owner !== undefined && event.kind !== 'get_page_failed') page.owner = event.owner;
  };
}

function setOwner(model: Model, event: TraceEvent): void {
  if (event.mfn === undefined) return;
  const page = pageOf(model, event.mfn);
  page.owner = event.owner ?? null;
  recordCount(model, page, event);
}

function snapshot(model: Model, event: TraceEvent): void {
  const isEntry = event.domid !== undefined && event.gfn !== undefined && event.p2m_type !== undefined;
  if (event.lock !== undefined || isEntry || event.mfn === undefined) return;
  const page = pageOf(model, event.mfn);
  page.count_info = event.count_info ?? page.count_info;
  page.type_info = event.type_info ?? page.type_info;
  page.owner = event.owner ?? page.owner;
}

export const pages: Mechanism = {
  page_alloc: allocate,
  page_free: free,
  get_page: reference(1n),
  get_page_failed: reference(0n),
  put_page: reference(-1n),
  alloc_ref_drop: reference(-1n),
  owner_set: setOwner,
  snapshot,
};
