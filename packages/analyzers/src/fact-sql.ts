import type { FactColumnSpec, FactTable, FactType } from '@p2mtrace/replayer';
import type { FactColumn, FactTable as SqlTable } from './sql/fact-table.js';

/** How SQL reads each type of fact column; an enum is an index with names. Nothing is copied. */
const SQL_TYPES = {
  u53: 'seq',
  id: 'id',
  tsc: 'tsc',
  u64: 'u64',
  bool: 'bool',
  enum: 'id',
} as const satisfies Record<FactType, FactColumn['type']>;

/** A replayer's fact table as SQL reads it: its null conventions (NaN, -1, a TSC of 0) become SQL's NULL. */
export function factTableForSql(table: FactTable): SqlTable {
  const columns = table.columns as Record<string, FactColumn['values']>;
  return {
    name: table.name,
    rows: table.rows,
    columns: table.spec.columns.map(spec => sqlColumn(spec, columns[spec.name])),
  };
}

function sqlColumn({ name, type, names }: FactColumnSpec, values: FactColumn['values']): FactColumn {
  return { name, type: SQL_TYPES[type], values, names };
}
