import {
  contextRows,
  grantRows,
  linuxRows,
  lockRows,
  m2pRows,
  type P2mRun,
  p2mRows,
  p2mRuns,
  pageRows,
  pagingRows,
  podRows,
  type StateFilter,
  sharingRows,
  tlbRows,
  viewRows,
  type XenState,
} from '@p2mtrace/replayer';
import { hex, type TraceReader } from '@p2mtrace/trace-format';
import type { StateTable } from '../state-tables.js';
import { count } from './cell.js';
import type { Column } from './columns.js';
import { CONTEXTS, GRANTS, LINUX, PAGING, POD, SHARING, TLB, VIEWS } from './mechanism-columns.js';
import type { RowFormat } from './rows.js';
import { frame, type RowOf, type Show, shown } from './shown.js';

/**
 * Rows of one part of the state, ready to be written. Tables merge p2m entries into runs, other formats list them all.
 */
export function stateTable(
  what: StateTable,
  replayer: XenState,
  reader: TraceReader,
  filter: StateFilter,
  format: RowFormat,
): { columns: Column[]; rows: Iterable<readonly unknown[]> } {
  switch (what) {
    case 'p2m': {
      const rows = p2mRows(replayer, reader.names, filter);
      return format === 'table' ? shown(p2mRuns(rows), P2M_RUNS) : shown(rows, P2M);
    }
    case 'm2p':
      return shown(m2pRows(replayer, reader.names, filter), M2P);
    case 'pages':
      return shown(pageRows(replayer, filter), PAGES);
    case 'locks':
      return shown(lockRows(replayer, reader), LOCKS);
    case 'contexts':
      return shown(contextRows(replayer, reader.names, filter), CONTEXTS);
    case 'views':
      return shown(viewRows(replayer, reader.names, filter), VIEWS);
    case 'pod':
      return shown(podRows(replayer, filter), POD);
    case 'paging':
      return shown(pagingRows(replayer, filter), PAGING);
    case 'sharing':
      return shown(sharingRows(replayer, filter), SHARING);
    case 'grants':
      return shown(grantRows(replayer, filter), GRANTS);
    case 'tlb':
      return shown(tlbRows(replayer, reader.names, filter), TLB);
    case 'linux':
      return shown(linuxRows(replayer, filter), LINUX);
  }
}

const P2M: readonly Show<RowOf<typeof p2mRows>>[] = [
  ['domid', row => row.domid],
  ['view', row => row.view],
  ['gfn', row => frame(row.gfn)],
  ['order', row => row.order],
  ['mfn', row => frame(row.mfn)],
  ['p2m_type', row => row.p2m_type],
  ['access', row => row.access],
  ['set_seq', row => row.set_seq],
];

const P2M_RUNS: readonly Show<P2mRun>[] = [
  ['domid', row => row.domid, 'right'],
  ['view', row => row.view],
  ['gfn', row => (row.gfn === row.lastGfn ? hex(row.gfn) : `${hex(row.gfn)}-${hex(row.lastGfn)}`)],
  ['frames', row => count(row.lastGfn - row.gfn + 1), 'right'],
  ['mfn', row => frame(row.mfn) ?? '-'],
  ['p2m_type', row => row.p2m_type],
  ['access', row => row.access ?? '-'],
  ['set_seq', row => (row.firstSeq === row.lastSeq ? (row.firstSeq ?? '-') : `${row.firstSeq}-${row.lastSeq}`)],
];

const M2P: readonly Show<RowOf<typeof m2pRows>>[] = [
  ['mfn', row => hex(row.mfn)],
  ['m2p', row => (typeof row.m2p === 'number' ? hex(row.m2p) : row.m2p)],
  ['m2p_seq', row => row.m2p_seq],
  ['domid', row => row.domid],
  ['view', row => row.view],
  ['gfn', row => frame(row.gfn)],
];

const PAGES: readonly Show<RowOf<typeof pageRows>>[] = [
  ['mfn', row => hex(row.mfn)],
  ['owner', row => row.owner],
  ['state', row => row.state],
  ['count', row => row.count, 'right'],
  ['count_flags', row => row.count_flags],
  ['type', row => row.type],
  ['type_count', row => row.type_count, 'right'],
  ['type_flags', row => row.type_flags],
  ['generation', row => row.generation, 'right'],
  ['last_seq', row => row.last_seq, 'right'],
];

const LOCKS: readonly Show<RowOf<typeof lockRows>>[] = [
  ['pcpu', row => row.pcpu],
  ['lock', row => row.lock],
  ['class', row => row.class],
  ['level', row => row.level, 'right'],
  ['mode', row => row.mode],
  ['depth', row => row.depth, 'right'],
  ['since_seq', row => row.since_seq, 'right'],
  ['caller', row => row.caller],
  ['symbol', row => row.symbol],
];
