import { getU53, isValid, KIND } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../batch/replay-batch.js';
import { framesOf } from '../memory/order.js';

const K_PAGE_ALLOC = KIND.page_alloc;
const K_PAGE_FREE = KIND.page_free;

/** True if the event is of one of these kinds and names the frame, or allocates or frees it. */
export function isOfFrame({ columns, validity }: ReplayBatch, row: number, mfn: number, kinds: ReadonlySet<number>) {
  const kind = columns.kind[row];
  const isLife = kind === K_PAGE_ALLOC || kind === K_PAGE_FREE;
  if ((!isLife && !kinds.has(kind)) || !isValid(validity.mfn, row)) return false;
  const first = getU53(columns.mfn, row);
  return first === mfn || (isLife && first < mfn && mfn < first + framesOf(columns.order[row]));
}

/** What an event makes of the page's allocation; undefined if nothing. */
export function pageLife({ columns, validity }: ReplayBatch, row: number): 'owned' | 'unowned' | 'free' | undefined {
  const kind = columns.kind[row];
  if (kind === K_PAGE_FREE) return 'free';
  if (kind !== K_PAGE_ALLOC) return undefined;
  return isValid(validity.owner, row) ? 'owned' : 'unowned';
}
