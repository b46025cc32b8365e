import { judge, type Laws, NOT_RECORDED, type Point } from './law.js';

/** What all conservation rests on: a page is in one place, and its owner's. */
export const P2M_LAWS: Laws = {
  'what the p2m maps is allocated, and the domain’s': point => {
    const pages = new Map(point.pages.map(page => [page.mfn, page]));
    return judge(
      mapped(point).filter(mfn => pages.has(mfn)),
      mfn => {
        const page = pages.get(mfn);
        const kept = page?.state === 'allocated' && page.owner === point.domid;
        return kept ? undefined : `${mfn.toString(16)}: ${page?.state}, of ${page?.owner}`;
      },
    );
  },

  'a frame is mapped once': point => {
    const { reverse } = point.replayer;
    return judge(mapped(point), mfn => (reverse.mappings(mfn).length === 1 ? undefined : mfn.toString(16)));
  },
};

/** `freed`: pages of the domain that were freed after its last sign of life. */
export const teardownLaws = (freed: number): Laws => ({
  'a domain that is gone owns nothing': ({ pages, domid }) => {
    if (freed === 0) return NOT_RECORDED;
    const left = pages.filter(({ owner, state }) => owner === domid && state === 'allocated');
    return { checked: freed, breaches: left.map(({ mfn }) => mfn.toString(16)) };
  },
});

/** Frames that the domain's host p2m maps; one that it maps twice comes twice. */
function mapped({ replayer, domid }: Point): number[] {
  const frames: number[] = [];
  const table = replayer.p2ms.find(p2m => p2m.domid === domid && p2m.view === 0);
  table?.forEachLeaf(() => {
    const { foundBase, foundOrder } = table;
    if (foundBase >= 0) for (let i = 0; i < 2 ** foundOrder; i++) frames.push(foundBase + i);
  });
  return frames;
}
