import {
  contextRows,
  divergenceRows,
  grantRows,
  linuxRows,
  lossRows,
  type Names,
  p2mRows,
  pageRows,
  pagingRows,
  podRows,
  sharingRows,
  tlbRows,
  viewRows,
  type XenState,
} from '../../src/index.js';
import { m2pOf } from '../../src/rows/state-rows.js';
import { hiddenRows } from './hidden-rows.js';
import { counted, hex, line, list, probes, type StateRows } from './rows.js';

/** A replayer's state as lines: all that it shows, and what is only in its parts. */
export function replayerRows(replayer: XenState, names: Names): StateRows {
  return {
    ...p2mTables(replayer, names),
    ...memoryTables(replayer),
    ...mechanismTables(replayer, names),
    contexts: [...contextRows(replayer, names)].map(({ pcpu, domid, vcpu, view, locks, translations }) =>
      line(
        ...[pcpu, domid, vcpu, view],
        list(locks.map(({ lock, mode, since_seq }) => line(lock, mode, since_seq))),
        list(translations.map(t => line(t.domid, t.view, hex(t.gfn), hex(t.mfn), t.since_seq))),
      ),
    ),
    divergences: [...divergenceRows(replayer, names)].map(row =>
      line(
        ...[row.seq, row.about, row.domid, hex(row.gfn), hex(row.mfn), row.lock, row.pcpu],
        ...[hex(row.expected), hex(row.seen), row.last_seq],
      ),
    ),
    losses: [...lossRows(replayer)].map(({ seq, pcpu, count }) => line(seq, pcpu, count)),
    counters: [line(replayer.outOfRange, replayer.suppressed)],
    ...hiddenRows(replayer, names),
  };
}

function p2mTables(replayer: XenState, names: Names): StateRows {
  const rows = [...p2mRows(replayer, names)];
  const mappings = (mfn: bigint) =>
    replayer.reverse.mappings(Number(mfn)).map(({ p2m, gfn }) => {
      const { domid, view } = replayer.p2ms[p2m];
      return line(domid, names.view[view], hex(gfn));
    });
  return {
    p2m: rows.map(({ domid, view, gfn, order, mfn, p2m_type, access, set_seq }) =>
      line(domid, view, `${hex(gfn)}/${order}`, hex(mfn), p2m_type, access, set_seq),
    ),
    reverse: probes(rows).map(mfn => line(hex(mfn), ...mappings(mfn).sort())),
    views: [...viewRows(replayer, names)].map(row =>
      line(
        ...[row.domid, row.view, row.what, row.complete, row.vcpus && list(row.vcpus)],
        ...[hex(row.gfn), row.order, hex(row.mfn), hex(row.new_gfn), row.since_seq],
      ),
    ),
  };
}

function memoryTables(replayer: XenState): StateRows {
  return {
    m2p: replayer.m2p.keys().map(mfn => {
      const value = m2pOf(replayer, mfn);
      return line(hex(mfn), typeof value === 'number' ? hex(value) : value, replayer.m2p.setSeq(mfn));
    }),
    pages: [...pageRows(replayer)].map(row =>
      line(
        ...[hex(row.mfn), row.owner, row.state, row.generation, hex(row.count_info), hex(row.type_info)],
        ...[row.count_seq, row.last_seq],
      ),
    ),
    sharing: [...sharingRows(replayer)].map(({ mfn, domid, gfn, rmap_count, complete, since_seq }) =>
      line(hex(mfn), domid, hex(gfn), rmap_count, complete, since_seq),
    ),
  };
}

function mechanismTables(replayer: XenState, names: Names): StateRows {
  return {
    pod: [...podRows(replayer)].map(row =>
      line(
        ...[row.domid, row.count, row.entry_count, row.cached],
        ...[row.populated, row.reclaimed, row.splintered].map(orders => counted(Object.entries(orders))),
      ),
    ),
    paging: [...pagingRows(replayer)].map(({ domid, gfn, p2m_type, evicted, last_seq }) =>
      line(domid, hex(gfn), p2m_type, evicted, last_seq),
    ),
    grants: [...grantRows(replayer)].map(row =>
      line(
        ...[row.kind, row.domid, row.owner, hex(row.mfn), hex(row.gfn), row.ref, row.handle],
        ...[list([...row.flags].sort()), row.since_seq],
      ),
    ),
    linux: [...linuxRows(replayer)].map(row =>
      line(
        ...[row.domid, row.what, hex(row.pfn), hex(row.mfn), row.bits && list([...row.bits].sort())],
        ...[hex(row.old_mfn), row.place, row.since_seq],
      ),
    ),
    tlb: [...tlbRows(replayer, names)].map(({ domid, view, deferred_since }) => line(domid, view, deferred_since)),
  };
}
