import {
  FACT_SPECS,
  type FactSelection,
  type FactSpec,
  FactStore,
  replayTrace,
  SYMBOL_SITES,
} from '@p2mtrace/replayer';
import { BatchMemory, COLUMN_NAMES, isValid, type TraceReader, type TraceRows } from '@p2mtrace/trace-format';
import type { ColumnSource } from './column-source.js';
import { factsForSql } from './fact-sql.js';
import type { FactColumn, FactTable as SqlTable } from './fact-table.js';
import { recordedKinds, recording } from './recording-tables.js';
import type { TraceSession } from './session.js';
import { WHAT_IF_COLUMNS, whatIfTable } from './what-if-table.js';

/** Every table, with its columns if they are fixed. */
export const TRACE_TABLES: readonly {
  readonly name: string;
  readonly doc: string;
  readonly columns: readonly string[];
}[] = [
  { name: 'events', doc: 'one row an event', columns: COLUMN_NAMES },
  ...FACT_SPECS.map(({ name, doc, columns }: FactSpec) => ({ name, doc, columns: columns.map(column => column.name) })),
  { name: 'callers', doc: 'call sites', columns: ['id', 'address', 'symbol', 'line'] },
  { name: 'locks', doc: 'locks', columns: ['id', 'address'] },
  { name: 'lock_classes', doc: 'classes of locks', columns: ['id', 'name'] },
  { name: 'views', doc: 'views of a p2m; host is 0', columns: ['id', 'name'] },
  {
    name: 'recordings',
    doc: 'what was recorded, and the frequency of its TSC',
    columns: ['source', 'format', 'host', 'xen_version', 'build_id', 'tsc_hz', 'first_tsc', 'last_tsc', 'events'],
  },
  { name: 'recorded_kinds', doc: 'kinds of events that were recorded', columns: ['kind', 'events'] },
  { name: 'import_stats', doc: 'the health report of the import', columns: ['stat', 'of', 'value'] },
  { name: 'whatif', doc: 'what other lock designs would have cost', columns: WHAT_IF_COLUMNS },
];

/** Tables that are computed together, if mentioned. */
export interface TableGroup {
  readonly names: readonly string[];
  readonly compute: (names: readonly string[]) => readonly (ColumnSource | SqlTable)[];
}

/** The fact tables of a trace; `facts` gets the names of those wanted. */
export function factTables(facts: (tables: readonly string[]) => FactStore): TableGroup {
  const specs: readonly FactSpec[] = FACT_SPECS;
  return {
    names: specs.map(({ name }) => name),
    compute: tables => {
      const store = facts(tables);
      return specs.filter(({ name }) => tables.includes(name)).map(spec => factsForSql(store, spec));
    },
  };
}

/**
 * The small tables of a trace: names for the indices in facts, what was recorded, and the import's health report. `tscHz`
 * replaces the trace's own frequency.
 */
export function nameTables(reader: TraceRows, tscHz?: number): readonly TableGroup[] {
  const { names } = reader;
  return [
    { names: ['callers'], compute: () => [callers(reader)] },
    { names: ['locks'], compute: () => [named('locks', 'address', names.lock)] },
    { names: ['lock_classes'], compute: () => [named('lock_classes', 'name', names.lock_class)] },
    { names: ['views'], compute: () => [named('views', 'name', names.view)] },
    { names: ['recordings'], compute: () => [recording(reader, tscHz)] },
    { names: ['recorded_kinds'], compute: () => [recordedKinds(reader)] },
    { names: ['import_stats'], compute: () => [importStats(reader)] },
  ];
}

/** What needs the whole trace, not only its last events. */
export function wholeTraceTables(reader: TraceReader): TableGroup {
  return { names: ['whatif'], compute: () => [whatIfTable(reader)] };
}

/** Adds the tables of a trace, computed when a query first mentions them. */
export function addTraceTables(
  session: TraceSession,
  reader: TraceRows,
  facts: (tables: readonly string[]) => FactStore,
): void {
  for (const { names, compute } of [factTables(facts), ...nameTables(reader)]) session.addLazyTables(names, compute);
}

/** Replays a trace and stores its facts; all of them if `wanted` is absent. @throws P2mError P2M_DAMAGED */
export function storeFacts(
  reader: TraceReader,
  wanted?: FactSelection,
  onProgress?: (events: number) => void,
): FactStore {
  const facts = new FactStore(wanted);
  replayTrace(reader, { facts, onProgress });
  return facts;
}

/** Names as an ENUM column: `id` is the index in facts. */
function named(name: string, column: string, names: readonly string[]): SqlTable {
  return { name, rows: names.length, columns: [idColumn(names.length), textColumn(column, names)] };
}

function idColumn(rows: number): FactColumn {
  return { name: 'id', type: 'i32', values: Int32Array.from({ length: rows }, (_, row) => row) };
}

/** Text as an ENUM, whose members must be distinct. */
function textColumn(name: string, texts: readonly (string | undefined)[]): FactColumn {
  const names = [...new Set(texts.filter(text => text !== undefined))];
  const index = new Map(names.map((text, i) => [text, i]));
  return {
    name,
    type: names.length <= 255 ? 'u8' : names.length <= 65_535 ? 'u16' : 'u32',
    values: indices(texts, index),
    valid: Uint8Array.from(texts, text => (text === undefined ? 0 : 1)),
    names,
  };
}

function indices(texts: readonly (string | undefined)[], index: ReadonlyMap<string, number>) {
  const values = texts.map(text => (text === undefined ? 0 : (index.get(text) ?? 0)));
  return index.size <= 255
    ? Uint8Array.from(values)
    : index.size <= 65_535
      ? Uint16Array.from(values)
      : Uint32Array.from(values);
}

/** Call sites: first those with an address, and the symbol that events have with it, then those with only a symbol. */
function callers(reader: TraceRows): SqlTable {
  const addresses = reader.names.caller;
  const { symbols, alone } = symbolsOfSites(reader);
  const { lines = {} } = reader.metadata;
  const ids = [...addresses.keys(), ...alone.map(symbol => SYMBOL_SITES + symbol)];
  const columns: FactColumn[] = [
    { name: 'id', type: 'i32', values: Int32Array.from(ids) },
    textColumn('address', [...addresses, ...alone.map(() => undefined)]),
    textColumn('symbol', [...symbols, ...alone.map(symbol => reader.names.symbol[symbol])]),
    textColumn('line', [...addresses.map(address => lines[address]), ...alone.map(() => undefined)]),
  ];
  return { name: 'callers', rows: ids.length, columns };
}

interface SiteSymbols {
  /** By caller. */
  readonly symbols: (string | undefined)[];
  /** Indices of symbols that some event has without a caller. */
  readonly alone: number[];
}

function symbolsOfSites(reader: TraceRows): SiteSymbols {
  const { names, metadata, sites } = reader;
  if (sites !== undefined) {
    const symbols = Array.from(names.caller, (_, caller) => names.symbol[sites.symbolOf[caller]]);
    return { symbols, alone: [...sites.alone].sort((a, b) => a - b) };
  }
  const symbols: (string | undefined)[] = Array.from(names.caller, () => undefined);
  const alone = new Set<number>();
  // The importer of captures finds symbols by address, so none is alone.
  const mayBeAlone = metadata.format !== 'xentrace';
  const memory = new BatchMemory();
  let unknown = symbols.length;
  for (const info of reader.batches) {
    if (names.symbol.length === 0 || (unknown === 0 && !mayBeAlone)) break;
    const { columns, validity } = reader.read(info, ['caller', 'symbol'], memory);
    for (let row = 0; row < info.rows; row++) {
      if (!isValid(validity.symbol, row)) continue;
      const caller = columns.caller[row];
      if (!isValid(validity.caller, row)) alone.add(columns.symbol[row]);
      else if (symbols[caller] === undefined) {
        symbols[caller] = names.symbol[columns.symbol[row]];
        unknown--;
      }
    }
  }
  return { symbols, alone: [...alone].sort((a, b) => a - b) };
}

/** The import's health report as rows: what was counted, for which id or pcpu, and the count. */
function importStats(reader: TraceRows): SqlTable {
  const { health } = reader.metadata;
  const rows: [string, string, number][] = [];
  if (health !== undefined) {
    const { bytes, skippedBytes, records, misfits, withoutTsc } = health;
    for (const [name, value] of Object.entries({ bytes, skippedBytes, records, misfits, withoutTsc })) {
      rows.push([name, '', value]);
    }
    for (const [id, count] of Object.entries(health.byId)) rows.push(['records_by_id', id, count]);
    for (const [id, count] of Object.entries(health.unknownById)) rows.push(['unknown_by_id', id, count]);
    for (const [id, count] of Object.entries(health.ignoredById ?? {})) rows.push(['ignored_by_id', id, count]);
    for (const { pcpu, records: count } of health.pcpus) rows.push(['records_by_pcpu', String(pcpu), count]);
    for (const { pcpu, count } of health.lost) rows.push(['lost_by_pcpu', String(pcpu), count]);
    rows.push(['late_records', '', health.order.late]);
  }
  return {
    name: 'import_stats',
    rows: rows.length,
    columns: [
      textColumn(
        'stat',
        rows.map(([stat]) => stat),
      ),
      textColumn(
        'of',
        rows.map(([, of]) => of),
      ),
      { name: 'value', type: 'seq', values: Float64Array.from(rows, ([, , value]) => value) },
    ],
  };
}
