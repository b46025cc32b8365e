import type { FactColumnSpec, FactTable } from '@p2mtrace/replayer';
import type { FactColumn, FactTable as SqlTable } from './sql/fact-table.js';

/** A replayer's fact table as SQL reads it: its null conventions (NaN, -1, a TSC of 0) become SQL's NULL. */
export function factTableForSql(table: FactTable): SqlTable {
  const columns = table.columns as Record<string, Float64Array | Int32Array | Uint32Array | Uint8Array>;
  return {
    name: table.name,
    rows: table.rows,
    columns: table.spec.columns.map(spec => sqlColumn(spec, columns[spec.name], table.rows)),
  };
}

function sqlColumn(
  spec: FactColumnSpec,
  values: Float64Array | Int32Array | Uint32Array | Uint8Array,
  rows: number,
): FactColumn {
  const { name } = spec;
  switch (spec.type) {
    case 'u53':
      return { name, type: 'seq', values };
    case 'id':
      return { name, type: 'i32', values, valid: validWhere(rows, row => values[row] >= 0) };
    case 'enum': {
      const valid = validWhere(rows, row => values[row] >= 0);
      const indices = Uint8Array.from({ length: rows }, (_, row) => Math.max(values[row], 0));
      return { name, type: 'u8', values: indices, valid, names: spec.names ?? [] };
    }
    case 'tsc':
      return {
        name,
        type: 'u64',
        values,
        valid: validWhere(rows, row => (values[2 * row] | values[2 * row + 1]) !== 0),
      };
    case 'u64':
      return { name, type: 'u64', values };
    case 'bool':
      return { name, type: 'bool', values };
  }
}

function validWhere(rows: number, isValid: (row: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: rows }, (_, row) => (isValid(row) ? 1 : 0));
}
