import { P2M_TYPES } from '@p2mtrace/trace-format';
import type { Names, XenState } from '../../src/index.js';
import { counted, hex, line, type StateRows } from './rows.js';

const DOMIDS = Array.from({ length: 0x1_0000 }, (_, domid) => domid);

/** What a replayer has and shows in no row, but goes by when events follow. */
export function hiddenRows(replayer: XenState, names: Names): StateRows {
  const { contexts, grants, linux, pod } = replayer;
  const podCache: string[] = [];
  pod.cache.forEach((mfn, at) => {
    podCache.push(line(hex(mfn), pod.cache.data[at]));
  });
  return {
    ...lockTables(replayer, names),
    podPending: [...pod.domains].map(([domid, { pending }]) => line(domid, pending)),
    podCache,
    refused: replayer.p2ms.flatMap(({ domid, view, refused }) => {
      const lines: string[] = [];
      refused.forEach((gfn, at) => {
        lines.push(line(domid, names.view[view], hex(gfn), P2M_TYPES[refused.data[at]]));
      });
      return lines;
    }),
    tornDown: DOMIDS.filter(domid => replayer.isTornDown(domid)).map(String),
    counted: countedPages(replayer),
    vcpuViews: [...contexts.views].map(([key, view]) =>
      line(Math.floor(key / 0x1_0000), key % 0x1_0000, names.view[view]),
    ),
    grantCounts: [counted(grants.transfers), counted(grants.decreases)],
    overridden: linux.overrides
      .frames()
      .flatMap(mfn =>
        linux.overrides
          .of(mfn)
          .map(({ domid, gfn: pfn, value }) =>
            line(hex(mfn), domid, hex(pfn), Number.isNaN(value) ? 'unknown' : hex(value)),
          ),
      ),
  };
}

function countedPages({ pages }: XenState): string[] {
  const frames: string[] = [];
  pages.forEach((mfn, slot) => {
    if (pages.isCounted(slot)) frames.push(hex(mfn));
  });
  return frames;
}

function lockTables({ locks }: XenState, names: Names): StateRows {
  const known = (value: number | undefined) => (value === undefined || value < 0 ? undefined : value);
  return {
    locks: names.lock.flatMap((lock, index) => {
      const [owner, depth] = [known(locks.owner[index]), known(locks.depth[index])];
      const isKnown = owner !== undefined || depth !== undefined;
      return isKnown ? [line(lock, owner, depth, owner === undefined ? null : locks.savedLevel(index))] : [];
    }),
    heldLevels: Array.from({ length: locks.pcpus }, (_, pcpu) =>
      locks.heldBy(pcpu).map(({ level }, i) => line(pcpu, i, level || null)),
    ).flat(),
    levels: Array.from({ length: locks.pcpus }, (_, pcpu) => locks.level(pcpu)).flatMap((level, pcpu) =>
      level > 0 ? [line(pcpu, level)] : [],
    ),
  };
}
