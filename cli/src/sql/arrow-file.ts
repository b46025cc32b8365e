import type { QueryResult, ResultColumn, SqlValue } from '@p2mtrace/analyzers';
import {
  Binary,
  Bool,
  type DataType,
  Field,
  Float64,
  Int32,
  Int64,
  makeBuilder,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
  Uint32,
  Uint64,
  Utf8,
} from 'apache-arrow';
import { cellText } from '../render/cell.js';

/** Rows per record batch. */
const BATCH_ROWS = 1 << 16;

/** Arrow types for SQL types that they represent exactly; values of all other types become text. */
const TYPES: Readonly<Record<string, DataType>> = {
  BOOLEAN: new Bool(),
  TINYINT: new Int32(),
  SMALLINT: new Int32(),
  INTEGER: new Int32(),
  UTINYINT: new Uint32(),
  USMALLINT: new Uint32(),
  UINTEGER: new Uint32(),
  BIGINT: new Int64(),
  UBIGINT: new Uint64(),
  FLOAT: new Float64(),
  DOUBLE: new Float64(),
  BLOB: new Binary(),
};

/** A result as an Arrow IPC file, piece by piece. */
export async function arrowFile(result: QueryResult): Promise<AsyncIterable<Uint8Array>> {
  const fields = result.columns.map(({ name, type }) => new Field(name, TYPES[type] ?? new Utf8(), true));
  const schema = new Schema(fields);
  const writer = await RecordBatchFileWriter.writeAll(recordBatches(schema, result));
  return writer.toNodeStream();
}

async function* recordBatches(schema: Schema, result: QueryResult): AsyncGenerator<RecordBatch> {
  let rows: SqlValue[][] = [];
  let isFirst = true;
  for await (const some of result.batches()) {
    rows = rows.concat(some);
    if (rows.length < BATCH_ROWS) continue;
    yield recordBatch(schema, result.columns, rows);
    rows = [];
    isFirst = false;
  }
  if (rows.length > 0 || isFirst) yield recordBatch(schema, result.columns, rows);
}

function recordBatch(schema: Schema, columns: readonly ResultColumn[], rows: readonly SqlValue[][]): RecordBatch {
  const children = schema.fields.map(({ type }, i) => {
    const builder = makeBuilder({ type, nullValues: [null] });
    const isText = !(columns[i].type in TYPES);
    for (const row of rows) builder.append(row[i] === null ? null : isText ? cellText(row[i]) : row[i]);
    return builder.finish().flush();
  });
  return new RecordBatch(
    schema,
    makeData({ type: new Struct(schema.fields), length: rows.length, nullCount: 0, children }),
  );
}
