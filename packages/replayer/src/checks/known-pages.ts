import type { ReplayBatch } from '../batch/replay-batch.js';
import { arg0Of, mfnOf } from '../batch/row-values.js';
import { COUNT_KNOWN, COUNTED, FREE, OWNER_KNOWN, type PageTable, TYPE_KNOWN } from '../tables/page-table.js';

const REFERENCES_KNOWN = COUNT_KNOWN | COUNTED;

/** Slot of a frame that an event has named, 0 for none: of nothing else is anything known. */
export const slotOf = (pages: PageTable, mfn: number): number => pages.directory.find(mfn);

export const isFree = (pages: PageTable, slot: number): boolean => (pages.state[slot] & FREE) !== 0;
/** The count is known, and one of references: those of Xen's own pools are written raw. */
export const knowsCount = (pages: PageTable, slot: number): boolean =>
  (pages.state[slot] & REFERENCES_KNOWN) === REFERENCES_KNOWN;
export const knowsType = (pages: PageTable, slot: number): boolean => (pages.state[slot] & TYPE_KNOWN) !== 0;

/** Owner, -1 for none, or where nobody knows. */
export function ownerOf(pages: PageTable, slot: number): number {
  return (pages.state[slot] & OWNER_KNOWN) === 0 ? -1 : pages.owner[slot];
}

/** PGC_allocated of a page whose count is known. */
export function isAllocated(pages: PageTable, slot: number): boolean {
  return pages.hasAllocated(pages.countLow[slot], pages.countHigh[slot]);
}

/** References beyond the allocation's own; NaN where the count is unknown or the page free. */
export function references(pages: PageTable, slot: number): number {
  if (!knowsCount(pages, slot) || isFree(pages, slot)) return Number.NaN;
  return pages.count(slot) - (isAllocated(pages, slot) ? 1 : 0);
}

/** Owner that an owner_set found, as it says or as is known; -1 for none, or where nobody knows. */
export function formerOwner(pages: PageTable, batch: ReplayBatch, row: number): number {
  const recorded = arg0Of(batch, row);
  return Number.isNaN(recorded) ? ownerOf(pages, slotOf(pages, mfnOf(batch, row))) : recorded;
}
