export { describePlace, type ErrorBlame, type ErrorPlace, P2mError, usageError } from './errors.js';
export { BatchBlock } from './kernel/batch-block.js';
export { BATCH_ROWS, type ColumnArrays, type EventBatch } from './kernel/event-batch.js';
export { EventEncoder } from './ndjson/encode-event.js';
export { exportNdjson, type NdjsonExportOptions } from './ndjson/export-ndjson.js';
export { NDJSON_VERSION, type NdjsonHeader } from './ndjson/header-schema.js';
export { importNdjson, type NdjsonImportOptions } from './ndjson/import-ndjson.js';
export { suggestion } from './ndjson/refusal.js';
export { COPIED_COLUMNS, type CopiedBatch, copyRows, copySelectedRows } from './read/copy-rows.js';
export { RandomAccess } from './read/file-access.js';
export { type BatchInfo, BatchMemory, isValid, type ReadBatch } from './read/read-batch.js';
export type { Damage } from './read/read-contents.js';
export { describeDamage, TraceReader } from './read/reader.js';
export { type ValidationProblem, type ValidationReport, validateTrace } from './read/validate.js';
export {
  COLUMN_NAMES,
  COLUMNS,
  type ColumnName,
  type ColumnSpec,
  type ColumnType,
  DICTIONARIES,
  DICTIONARY_NAMES,
  type DictionaryName,
  type DictionarySpec,
  isAddressDictionary,
  PRESENT,
  perColumn,
  RAW_MAX,
  SCHEMA_VERSION,
} from './schema/columns.js';
export { FLAG, FLAG_NAMES, FLAGS, type FlagName, type FlagSpec, flagNames } from './schema/flags.js';
export { allocatorFlushes, FLUSH_RULES, type FlushRule } from './schema/flush-rules.js';
export { COMMON_COLUMNS, KIND, KINDS, type KindName, type KindSpec } from './schema/kinds.js';
export { LayoutFit, movesBelowFlags } from './schema/layout-fit.js';
export {
  type CountInfo,
  decodeCountInfo,
  decodeTypeInfo,
  LAYOUT_NAMES,
  LAYOUT_PROFILES,
  type LayoutProfile,
  layoutProfile,
  profileOfVersion,
  type TypeInfo,
} from './schema/layout-profiles.js';
export {
  defaultMetadata,
  type ImportHealth,
  isRecorded,
  type PieceOrigin,
  parseMetadata,
  type TraceMetadata,
} from './schema/metadata.js';
export { RECORDS, type RecordSpec, recordOf } from './schema/record-table.js';
export {
  ACCESS_TYPES,
  DOMID_COW,
  DOMID_FIRST_RESERVED,
  DOMID_IDLE,
  isP2mLevel,
  LOCK_MODES,
  MM_LOCK_LEVEL,
  MM_LOCK_ORDER_MAX,
  MM_LOCKS,
  type MmLock,
  MODE_EXTERNAL,
  MODE_MUTEX,
  MODE_READ,
  MODE_WRITE,
  mmLockOfLevel,
  P2M_NUMBERINGS,
  P2M_TYPE,
  P2M_TYPES,
  type P2mNumbering,
  type P2mType,
  unbiasedLevel,
  wireTypeTable,
} from './schema/xen-enums.js';
export { getI53, getU53, getU64, hex, setU53, setU64 } from './u64.js';
export { namesBeyondInitial } from './write/names-beyond-initial.js';
export { openTraceSink } from './write/open-sink.js';
export { type BatchSink, type NewNames, TraceWriter } from './write/writer.js';
export { importXentraceFile, importXentraceStream, SymbolTable, type XentraceOptions } from './xentrace/index.js';
