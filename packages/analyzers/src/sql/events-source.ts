import {
  BatchMemory,
  COLUMN_NAMES,
  COLUMNS,
  type ColumnSpec,
  type ColumnType,
  type TraceRows,
} from '@p2mtrace/trace-format';
import type { ColumnSource, ColumnValues, SourceBatch, SourceColumn } from './column-source.js';

/** Called during a scan with the number of rows that it has passed. */
export type OnRows = (rows: number) => void;

/** The events of a trace as a table with all columns of schema v1; a scan reads only those that the query needs. */
export function eventsSource(reader: TraceRows, name = 'events', onRows?: OnRows): ColumnSource {
  const columns = COLUMN_NAMES.map((column): SourceColumn => {
    const spec: ColumnSpec = COLUMNS[column];
    return { name: column, type: sourceType(spec.type), names: spec.dictionary && reader.names[spec.dictionary] };
  });
  return { name, rows: reader.rows, columns, scan: wanted => scanEvents(reader, wanted, onRows) };
}

function sourceType(type: ColumnType): SourceColumn['type'] {
  if (type === 'bit') return 'bool';
  return type === 'binary' ? 'blob' : type;
}

function* scanEvents(reader: TraceRows, wanted: readonly number[], onRows?: OnRows): Generator<SourceBatch, void> {
  const names = wanted.map(index => COLUMN_NAMES[index]);
  const memory = new BatchMemory();
  let bytes = new Uint8Array(0);
  let rows = 0;
  for (const info of reader.batches) {
    const batch = reader.read(info, names, memory);
    const columns = names.map((name): ColumnValues => {
      const validity: Uint8Array | undefined = batch.validity[name];
      if (name === 'raw') return { values: batch.columns.raw, validity, offsets: batch.rawOffsets };
      if (name !== 'tsc_own') return { values: batch.columns[name], validity };
      if (bytes.length < batch.rows) bytes = new Uint8Array(Math.ceil(batch.rows / 8) * 8);
      expandBits(batch.columns.tsc_own, batch.rows, bytes);
      return { values: bytes, validity };
    });
    yield { rows: batch.rows, columns };
    rows += batch.rows;
    onRows?.(rows);
  }
}

/** Expands an Arrow Bool to one byte per row. */
function expandBits(bits: Uint8Array, rows: number, out: Uint8Array): void {
  for (let row = 0; row < rows; row++) out[row] = (bits[row >>> 3] >>> (row & 7)) & 1;
}
