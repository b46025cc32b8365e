import { FACT_SPECS, type FactSpec, type FactType } from '@p2mtrace/replayer';
import { COMMON, type DatasetTable, OWN_TABLES, type TableColumn } from './own-tables.js';

/** ENUMs are text in Parquet, whose names may be others in each file. */
const FACT_TYPES: Readonly<Record<FactType, string>> = {
  u53: 'UBIGINT',
  id: 'INTEGER',
  tsc: 'UBIGINT',
  u64: 'UBIGINT',
  bool: 'BOOLEAN',
  enum: 'VARCHAR',
};

const table = (name: string, types: Readonly<Record<string, string>>): DatasetTable => ({
  name,
  doc: '',
  columns: Object.entries(types).map(([name, type]) => ({ name, type, doc: '' })),
});

/** Tables of a trace that are no facts; docs/facts.md describes them. */
const NAME_TABLES: readonly DatasetTable[] = [
  table('callers', { id: 'INTEGER', address: 'VARCHAR', symbol: 'VARCHAR', line: 'VARCHAR' }),
  table('locks', { id: 'INTEGER', address: 'VARCHAR' }),
  table('lock_classes', { id: 'INTEGER', name: 'VARCHAR' }),
  table('views', { id: 'INTEGER', name: 'VARCHAR' }),
  table('recordings', {
    source: 'VARCHAR',
    format: 'VARCHAR',
    build_id: 'VARCHAR',
    tsc_hz: 'DOUBLE',
    first_tsc: 'UBIGINT',
    last_tsc: 'UBIGINT',
    events: 'UBIGINT',
  }),
  table('recorded_kinds', { kind: 'VARCHAR', events: 'UBIGINT' }),
  table('import_stats', { stat: 'VARCHAR', of: 'VARCHAR', value: 'UBIGINT' }),
];

const specs: readonly FactSpec[] = FACT_SPECS;
/** Tables that each trace has, but for `events` and for `whatif`, which is an experiment. */
export const TRACE_PART: readonly DatasetTable[] = [
  ...specs.map(({ name, doc, columns }) => ({
    name,
    doc,
    columns: columns.map(({ name, type, doc }) => ({ name, type: FACT_TYPES[type], doc })),
  })),
  ...NAME_TABLES,
];

/** All tables of a dataset. */
export const DATASET_TABLES: readonly DatasetTable[] = [...TRACE_PART, ...OWN_TABLES];

/** All columns of a table, as a query has them. */
export const columnsOf = ({ columns }: DatasetTable): readonly TableColumn[] => [...columns, ...COMMON];

/** Rows lie in the order of those of these that they have: a reader skips row groups in which none can be. */
const SORT = ['rule', 'breach', 'domid', 'gfn', 'mfn', 'from_seq', 'seq', 'id', 'number', 'trace'] as const;

/** `order by …` for a table; empty if it has none of these columns. */
export function orderBy(table: DatasetTable): string {
  const names = new Set(columnsOf(table).map(({ name }) => name));
  return `order by ${SORT.filter(name => names.has(name)).join(', ')}`;
}

/** Rows of a row group: what is read at least. */
export const PARQUET = 'format parquet, compression zstd, row_group_size 8192';
