import { P2M_TYPES } from '@p2mtrace/trace-format';
import { judge, type Laws, NOT_RECORDED, type Point } from './law.js';
import { countSlots } from './slots.js';

const POD = P2M_TYPES.indexOf('populate_on_demand');

/** Populate-on-demand of a domain (docs/xen.md#pod-cache). */
export const POD_LAWS: Laws = {
  'a page in the cache is the domain’s, allocated, and has no other reference': point => {
    const pages = new Map(point.pages.map(page => [page.mfn, page]));
    return judge(
      cached(point).filter(mfn => pages.has(mfn)),
      mfn => {
        const page = pages.get(mfn);
        const kept = page?.owner === point.domid && page.count === 1n && page.count_flags?.includes('allocated');
        return kept ? undefined : mfn.toString(16);
      },
    );
  },

  'a page in the cache is mapped nowhere': point =>
    judge(cached(point), mfn => (point.replayer.reverse.isMapped(mfn) ? mfn.toString(16) : undefined)),

  // entry_count by what changes it, against what the p2m has.
  'PoD slots are those marked, less those populated, plus those reclaimed, less those removed': point => {
    const { marked, populated, reclaimed, podRemoved } = countSlots(point.reader, point.domid, point.until);
    if (populated === 0) return NOT_RECORDED;
    const expected = marked - populated + reclaimed - podRemoved;
    return judge([podSlots(point)], found => (found === expected ? undefined : `${found}, not ${expected}`));
  },

  'each frame of decrease_reservation leaves a hole': point => {
    const { decreased, removed } = countSlots(point.reader, point.domid, point.until);
    if (removed === 0) return NOT_RECORDED;
    return judge([removed], () => (removed === decreased ? undefined : `${removed}, not ${decreased}`));
  },

  // A sweep keeps entry_count − count; what the balloon gives back makes it 0 in the end, in all of these guests.
  'the cache has a page for each PoD slot': point => {
    const slots = podSlots(point);
    if (slots === 0) return NOT_RECORDED;
    if ((point.reader.metadata.counts?.page_alloc ?? 0) === 0) {
      // Known are only those that were reclaimed and not populated since.
      const pages = cached(point).length;
      return judge([pages], () => (pages <= slots ? undefined : `${pages} pages, ${slots} slots`));
    }
    const owned = point.pages.filter(({ owner, state }) => owner === point.domid && state === 'allocated');
    const pages = owned.filter(
      ({ mfn, count_flags }) => count_flags?.join() === 'allocated' && !point.replayer.reverse.isMapped(mfn),
    );
    return judge([pages.length], found => (found === slots ? undefined : `${found} pages, ${slots} slots`));
  },
};

/** Frames that the trace shows to be in the domain's cache. */
function cached({ replayer: { pod }, domid }: Point): number[] {
  const frames: number[] = [];
  pod.cache.forEach((mfn, at) => {
    if (pod.cache.data[at] === domid) frames.push(mfn);
  });
  return frames;
}

/** 4K slots of the host p2m that are marked PoD: entry_count. */
function podSlots({ replayer, domid }: Point): number {
  let slots = 0;
  const table = replayer.p2ms.find(p2m => p2m.domid === domid && p2m.view === 0);
  table?.forEachLeaf(() => {
    if (table.foundType === POD) slots += 2 ** table.foundOrder;
  });
  return slots;
}
