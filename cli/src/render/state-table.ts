import {
  lockRows,
  m2pRows,
  type P2mRun,
  p2mRows,
  p2mRuns,
  pageRows,
  type Replayer,
  type StateFilter,
} from '@p2mtrace/replayer';
import { hex, type TraceReader } from '@p2mtrace/trace-format';
import { count } from './cell.js';
import type { Column, RowFormat } from './rows.js';

export const STATE_TABLES = ['p2m', 'm2p', 'pages', 'locks'] as const;
export type StateTable = (typeof STATE_TABLES)[number];

/** A column of a state's rows, and what of a row it shows: frames in hex. */
type Show<Row> = readonly [name: string, value: (row: Row) => unknown, right?: 'right'];

/** Rows of one part of the state, ready to be written. A table shows runs of p2m entries, all else every entry. */
export function stateTable(
  what: StateTable,
  replayer: Replayer,
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
  }
}

function shown<Row>(rows: Iterable<Row>, shows: readonly Show<Row>[]) {
  const columns = shows.map(([name, , right]) => ({ name, right: right === 'right' }));
  const cells = function* () {
    for (const row of rows) yield shows.map(([, value]) => value(row));
  };
  return { columns, rows: cells() };
}

const frame = (value: number | null) => (value === null ? null : hex(value));

type RowOf<F extends (...args: never) => Iterable<unknown>> = ReturnType<F> extends Iterable<infer Row> ? Row : never;

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
