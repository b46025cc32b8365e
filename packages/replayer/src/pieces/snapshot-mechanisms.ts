import { KIND } from '@p2mtrace/trace-format';
import { domidOfKey, viewOfKey } from '../memory/keys.js';
import { FOREIGN_MFN, FOREIGN_OWNER } from '../state/foreign-state.js';
import { LINUX_BITS, LINUX_MFN } from '../state/linux-state.js';
import { PAGING_EVICTED, PAGING_TYPE } from '../state/paging-state.js';
import type { XenState } from '../state/xen-state.js';
import { NO_MFN } from '../tables/p2m-table.js';
import { MAX_PAGE_ORDER } from '../tables/page-table.js';
import type { PieceScope } from './piece-scope.js';
import type { SnapshotWriter } from './snapshot-writer.js';

/** PoD counts by domain, reclaims in progress, and the frames of the caches. Mere event counters start at 0. */
export function snapshotPod({ pod }: XenState, scope: PieceScope, out: SnapshotWriter): void {
  for (const [domid, { count, entryCount, pending }] of pod.domains) {
    if (!scope.hasDomain(domid)) continue;
    out.begin(KIND.snapshot_pod).id('domid', domid).number('arg0', count).number('arg1', entryCount);
    for (const order of ordersOf(pending)) out.begin(KIND.snapshot_pod).id('domid', domid).id('order', order);
  }
  const write = ({ domid, mfn, length }: CacheRun) => {
    let at = mfn;
    for (const order of ordersOf(length)) {
      out.begin(KIND.snapshot_pod).id('domid', domid).frame('mfn', at).id('order', order);
      at += 2 ** order;
    }
  };
  let run: CacheRun | undefined;
  pod.cache.forEach((mfn, at) => {
    const domid = pod.cache.data[at];
    if (!scope.hasFrame(mfn)) return;
    if (run !== undefined && run.domid === domid && run.mfn + run.length === mfn) {
      run.length++;
      return;
    }
    if (run !== undefined) write(run);
    run = { domid, mfn, length: 1 };
  });
  if (run !== undefined) write(run);
}

/** Consecutive frames in one cache. */
interface CacheRun {
  readonly domid: number;
  readonly mfn: number;
  length: number;
}

/** Orders of the powers of two that add up to a number of frames, largest first. */
function* ordersOf(frames: number): Generator<number> {
  for (let left = frames; left > 0; ) {
    const order = Math.min(MAX_PAGE_ORDER, Math.floor(Math.log2(left)));
    yield order;
    left -= 2 ** order;
  }
}

export function snapshotPaging({ paging: { states } }: XenState, scope: PieceScope, out: SnapshotWriter): void {
  for (const domid of states.domids()) {
    if (!scope.hasDomain(domid)) continue;
    for (const { frame: gfn, record } of states.of(domid).all()) {
      out.begin(KIND.snapshot_paging).id('domid', domid).frame('gfn', gfn);
      out.id('p2m_type', record[PAGING_TYPE]).number('arg0', record[PAGING_EVICTED]);
    }
  }
}

/** Grants and foreign mappings, by the domains that map or own. */
export function snapshotGrants({ grants, foreign }: XenState, scope: PieceScope, out: SnapshotWriter): void {
  for (const { domid, owner, mfn, gfn, ref, handle, flags } of grants.all()) {
    if (!scope.hasDomain(domid) && !scope.hasDomain(owner)) continue;
    out.begin(KIND.snapshot_grant).id('domid', domid).id('owner', owner).frame('mfn', mfn).frame('gfn', gfn);
    out.number('arg0', ref).number('arg1', handle);
    if (flags !== 0) out.id('flags', flags);
  }
  for (const domid of foreign.mappings.domids()) {
    for (const { frame: gfn, record } of foreign.mappings.of(domid).all()) {
      const owner = record[FOREIGN_OWNER];
      if (!scope.hasDomain(domid) && !scope.hasDomain(owner)) continue;
      out.begin(KIND.snapshot_foreign).id('domid', domid).id('owner', owner);
      out.frame('gfn', gfn).frame('mfn', record[FOREIGN_MFN]);
    }
  }
}

/** phys_to_machine tables, and chains of overrides, oldest first: each goes in front of the others. */
export function snapshotLinux({ linux }: XenState, scope: PieceScope, out: SnapshotWriter): void {
  for (const domid of linux.pfns.domids()) {
    if (!scope.hasDomain(domid)) continue;
    for (const { frame: pfn, record } of linux.pfns.of(domid).all()) {
      out.begin(KIND.snapshot_linux).id('domid', domid).frame('gfn', pfn).frame('mfn', record[LINUX_MFN]);
      if (record[LINUX_BITS] !== 0) out.id('flags', record[LINUX_BITS]);
    }
  }
  for (const mfn of linux.overrides.frames()) {
    for (const { domid, gfn: pfn, value: oldMfn } of linux.overrides.of(mfn).reverse()) {
      if (!scope.hasDomain(domid)) continue;
      out.begin(KIND.snapshot_override).id('domid', domid).frame('gfn', pfn).frame('mfn', mfn);
      // INVALID_P2M_ENTRY is all ones.
      if (oldMfn === NO_MFN) out.words('arg0', 0xffff_ffff, 0xffff_ffff);
      else out.frame('arg0', oldMfn);
    }
  }
}

export function snapshotTlb({ tlb }: XenState, scope: PieceScope, out: SnapshotWriter): void {
  for (const key of tlb.deferred.keys()) {
    const domid = domidOfKey(key);
    if (scope.hasDomain(domid)) out.begin(KIND.snapshot_tlb).id('domid', domid).id('view', viewOfKey(key));
  }
}
