import { FLAG, KIND } from '@p2mtrace/trace-format';
import { MAX_FRAME } from '../memory/frame-table.js';
import { INVALID_M2P, SHARED_M2P } from '../state/m2p-state.js';
import type { XenState } from '../state/xen-state.js';
import { NO_ACCESS, type P2mTable } from '../tables/p2m-table.js';
import {
  ALLOCATED,
  COUNT_KNOWN,
  FREE,
  NO_OWNER,
  OWNER_KNOWN,
  type PageTable,
  TYPE_KNOWN,
} from '../tables/page-table.js';
import { CHANGEABLE } from '../tables/type-ranges.js';
import type { PieceScope } from './piece-scope.js';
import type { SnapshotWriter } from './snapshot-writer.js';

/** Entries of all p2ms, with the lazy changes of their types in between; complete views and their remaps. */
export function snapshotP2ms({ p2ms }: XenState, scope: PieceScope, out: SnapshotWriter): void {
  for (const table of p2ms) {
    const { domid, view } = table;
    if (!scope.hasDomain(domid)) continue;
    if (!Number.isNaN(table.completeSince)) out.begin(KIND.snapshot_view).id('domid', domid).id('view', view);
    leavesByChange(table).forEach((gfns, changes) => {
      if (changes > 0) snapshotTypeChange(table, changes - 1, out);
      for (const gfn of gfns) snapshotEntry(table, gfn, out);
    });
    table.refused.forEach((gfn, at) => {
      const refused = out.begin(KIND.snapshot).id('domid', domid).id('view', view).frame('gfn', gfn);
      refused.id('p2m_type', table.refused.data[at]).id('flags', FLAG.failed);
    });
    table.remaps.forEach((gfn, target) => {
      const remap = out.begin(KIND.snapshot_remap).id('domid', domid).id('view', view);
      remap.frame('gfn', gfn).frame('arg0', target);
    });
  }
}

/** First gfns of the leaves, by the number of lazy changes made before the leaf was written. */
function leavesByChange(table: P2mTable): number[][] {
  const { ranges } = table;
  const leaves: number[][] = Array.from({ length: ranges.length + 1 }, () => []);
  table.forEachLeaf(gfn => {
    let changes = ranges.length;
    while (changes > 0 && ranges.at(changes - 1).seq > table.foundSince) changes--;
    leaves[changes].push(gfn);
  });
  return leaves;
}

function snapshotTypeChange({ domid, view, ranges }: P2mTable, i: number, out: SnapshotWriter): void {
  const { first, end, oldType, newType } = ranges.at(i);
  out.begin(KIND.snapshot_type_change).id('domid', domid).id('view', view).id('p2m_type', newType);
  // An end after all frames may not fit the column.
  out.frame('gfn', first).frame('arg0', Math.min(end, MAX_FRAME));
  if (oldType !== CHANGEABLE) out.number('arg1', oldType);
}

function snapshotEntry(table: P2mTable, gfn: number, out: SnapshotWriter): void {
  table.find(gfn);
  out.begin(KIND.snapshot).id('domid', table.domid).id('view', table.view);
  out.frame('gfn', gfn).frame('mfn', table.foundBase);
  out.id('order', table.foundOrder).id('p2m_type', table.foundType);
  if (table.foundAccess !== NO_ACCESS) out.id('access', table.foundAccess);
  if (table.foundStale) out.id('flags', FLAG.stale);
}

export function snapshotM2p({ m2p }: XenState, scope: PieceScope, out: SnapshotWriter): void {
  for (const mfn of m2p.keys()) {
    if (!scope.hasFrame(mfn)) continue;
    const value = m2p.get(mfn) ?? INVALID_M2P;
    out.begin(KIND.snapshot_m2p).frame('mfn', mfn).frame('gfn', value);
    if (value === SHARED_M2P) out.id('flags', FLAG.shared);
  }
}

/** page_info of all frames, and the generations of frames of which nothing else is known. */
export function snapshotPages({ pages }: XenState, scope: PieceScope, out: SnapshotWriter): void {
  pages.forEach((mfn, slot) => {
    if (pages.state[slot] === 0 && pages.generation[slot] === 0) return;
    if (scope.hasFrame(mfn)) snapshotPage(pages, mfn, slot, out);
  });
}

function snapshotPage(pages: PageTable, mfn: number, slot: number, out: SnapshotWriter): void {
  const state = pages.state[slot];
  out.begin(KIND.snapshot).frame('mfn', mfn).number('arg0', pages.generation[slot]);
  if ((state & OWNER_KNOWN) !== 0) out.id('owner', pages.owner[slot]);
  const isUnowned = (state & OWNER_KNOWN) !== 0 && pages.owner[slot] === NO_OWNER;
  const life = (state & ALLOCATED) !== 0 ? FLAG.allocated : (state & FREE) !== 0 ? FLAG.free : 0;
  // PGC_allocated says so by itself, and so does an owner, save of a page that was allocated (PageState.noteOwner).
  const isOwned = (state & OWNER_KNOWN) !== 0 && !isUnowned && (state & ALLOCATED) === 0;
  const isAllocated = (state & COUNT_KNOWN) !== 0 && pages.hasAllocated(pages.countLow[slot], pages.countHigh[slot]);
  const isCounted = pages.isCounted(slot) && !isOwned && !isAllocated;
  const flags = life | (isUnowned ? FLAG.unowned : 0) | (isCounted ? FLAG.counted : 0);
  if (flags !== 0) out.id('flags', flags);
  if ((state & COUNT_KNOWN) !== 0) out.words('count_info', pages.countLow[slot], pages.countHigh[slot]);
  if ((state & TYPE_KNOWN) !== 0) out.words('type_info', pages.typeLow[slot], pages.typeHigh[slot]);
}

/** Members of reverse maps, oldest first: each joins in front of the others. */
export function snapshotSharing({ sharing: { rmaps } }: XenState, out: SnapshotWriter): void {
  for (const mfn of rmaps.frames()) {
    for (const { domid, gfn } of rmaps.of(mfn).reverse()) {
      out.begin(KIND.snapshot_rmap).id('domid', domid).frame('gfn', gfn).frame('mfn', mfn);
      if (rmaps.isComplete(mfn)) out.number('arg0', rmaps.count(mfn));
    }
  }
}
