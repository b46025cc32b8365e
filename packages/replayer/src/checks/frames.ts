import type { ReplayBatch } from '../batch/replay-batch.js';
import { mfnOf } from '../batch/row-values.js';
import { MAX_FRAME } from '../memory/frame-table.js';
import { framesOf } from '../memory/order.js';
import { MAX_PAGE_ORDER } from '../tables/page-table.js';

/** The first of the frames from `first` on that meets the condition, -1 for none. */
export function findFrame(first: number, order: number, meets: (mfn: number) => boolean): number {
  const end = first + framesOf(order);
  for (let mfn = first; mfn < end; mfn++) if (meets(mfn)) return mfn;
  return -1;
}

/** Pages that an event names by `mfn` and `order` are in a machine; the state passes over all others too. */
export const arePages = (mfn: number, order: number): boolean => mfn >= 0 && mfn < MAX_FRAME && order <= MAX_PAGE_ORDER;

/**
 * Visits the frames of a row, such as a page_alloc's; none where no machine has them. The row is passed on, so that
 * `visit` need not be made anew for each.
 */
export function forEachFrame(
  batch: ReplayBatch,
  row: number,
  visit: (mfn: number, batch: ReplayBatch, row: number) => void,
): void {
  const first = mfnOf(batch, row);
  const order = batch.columns.order[row];
  if (!arePages(first, order)) return;
  const end = first + framesOf(order);
  for (let mfn = first; mfn < end; mfn++) visit(mfn, batch, row);
}
