export type {
  ColumnSource,
  ColumnValues,
  FixedType,
  SourceBatch,
  SourceColumn,
  TypedArray,
} from './sql/column-source.js';
export { eventsSource } from './sql/events-source.js';
export { type FactColumn, type FactTable, factSource } from './sql/fact-table.js';
export type { QueryResult, ResultColumn, SqlValue } from './sql/query-result.js';
export { type Rows, TraceSession } from './sql/session.js';
export type { SqlOptions } from './sql/sql-connection.js';
