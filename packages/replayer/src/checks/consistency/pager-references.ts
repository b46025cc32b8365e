import { isP2mLevel } from '@p2mtrace/trace-format';
import type { CheckNotes } from '../../facts/fact-recorder.js';
import { outermostHold } from '../../tables/held-locks.js';
import type { CheckTools } from '../check-scope.js';
import { references, slotOf } from '../known-pages.js';

/** References to a page that the pager may not take: how many, and the last of them that the trace has, NaN for none. */
interface Foreign {
  readonly count: number;
  readonly referenced: number;
  /** All of them may have been dropped by then, and were recorded as dropped later. */
  readonly isLate: boolean;
}

/**
 * Tells who else holds a page that the pager takes: nominate and evict must say -EBUSY then (docs/xen.md#paging). Its own
 * are the references that the pcpu took under the p2m lock that it holds; without a lock, all that it took.
 */
export function pagerReferences({
  state: { pages, locks },
  refs,
  now,
  earlierPuts,
}: Pick<CheckTools, 'state' | 'now' | 'earlierPuts'> & Pick<CheckNotes, 'refs'>) {
  const isP2mHold = (i: number) => isP2mLevel(locks.heldLevel[i]);
  return (mfn: number): Foreign | undefined => {
    const slot = mfn < 0 ? 0 : slotOf(pages, mfn);
    if (slot === 0) return undefined;
    const hold = outermostHold(locks, now.pcpu, isP2mHold);
    const since = hold < 0 ? -1 : locks.heldSeq[hold];
    const count = references(pages, slot) - refs.referencesSince(slot, now.pcpu, since);
    if (!(count > 0)) return undefined;
    const referenced = refs.lastReferenceBesides(slot, now.pcpu, since);
    return { count, referenced, isLate: earlierPuts(mfn) >= count };
  };
}
