import type { FactArray, FactSpec, FactStore, FactType } from '@p2mtrace/replayer';
import type { ColumnSource } from './column-source.js';
import { type FactColumn, factSource } from './fact-table.js';

/** How SQL reads each type of fact column; an enum is an index with names. Nothing is copied. */
const SQL_TYPES = {
  u53: 'seq',
  id: 'id',
  tsc: 'tsc',
  u64: 'u64',
  bool: 'bool',
  enum: 'code',
} as const satisfies Record<FactType, FactColumn['type']>;

/** The stored columns of one kind of fact for SQL: their null values (NaN, -1, a TSC of 0) become NULL. */
export function factsForSql(store: FactStore, spec: FactSpec): ColumnSource {
  return factSource(
    store.chunks(spec).map(chunk => {
      const columns: Readonly<Record<string, FactArray | undefined>> = chunk.columns;
      return {
        name: spec.name,
        rows: chunk.rows,
        columns: spec.columns.flatMap(({ name, type, names }) => {
          const values = columns[name];
          return values === undefined ? [] : [{ name, type: SQL_TYPES[type], values, names }];
        }),
      };
    }),
  );
}
