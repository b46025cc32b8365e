export { BatchBlock } from './batch-block.js';
export * from './columns.js';
export { COPIED_COLUMNS, type CopiedBatch, copyRows, copySelectedRows } from './copy-rows.js';
export * from './errors.js';
export { BATCH_ROWS, type ColumnArrays, type EventBatch } from './event-batch.js';
export { RandomAccess } from './file-access.js';
export * from './flags.js';
export * from './kinds.js';
export * from './layout-profiles.js';
export {
  defaultMetadata,
  type ImportHealth,
  isRecorded,
  type PieceOrigin,
  parseMetadata,
  type TraceMetadata,
} from './metadata.js';
export { EventEncoder } from './ndjson/encode-event.js';
export { exportNdjson, type NdjsonExportOptions } from './ndjson/export-ndjson.js';
export { NDJSON_VERSION, type NdjsonHeader } from './ndjson/header-schema.js';
export { importNdjson, type NdjsonImportOptions } from './ndjson/import-ndjson.js';
export { suggestion } from './ndjson/refusal.js';
export { openTraceSink } from './open-sink.js';
export { type BatchInfo, BatchMemory, isValid, type ReadBatch } from './read-batch.js';
export type { Damage } from './read-contents.js';
export { describeDamage, TraceReader } from './reader.js';
export * from './u64.js';
export { type ValidationProblem, type ValidationReport, validateTrace } from './validate.js';
export { type BatchSink, type NewNames, TraceWriter } from './writer.js';
export * from './xen-enums.js';
export * from './xentrace/index.js';
