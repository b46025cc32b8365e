/** What batches may be compressed with. */
export { COMPRESSIONS, type Compression } from './compress/codec.js';
/** Expected failures, with a code, a place and a remedy. */
export { describePlace, type ErrorBlame, type ErrorPlace, P2mError, usageError } from './errors.js';
/** Memory of a batch that two threads share. */
export { BatchBlock } from './kernel/batch-block.js';
/** Events to be written, column by column. */
export { BATCH_ROWS, type ColumnArrays, type EventBatch } from './kernel/event-batch.js';
/** CSV as a trace. */
export { importCsv } from './map/import-csv.js';
/** What records of others mean. */
export { type ImportMap, parseMap } from './map/map-schema.js';
/** Events as lines of NDJSON. */
export { EventEncoder } from './ndjson/encode-event.js';
/** A trace as NDJSON. */
export { exportLines, exportNdjson, type NdjsonExportOptions } from './ndjson/export-ndjson.js';
/** The header line of NDJSON. */
export { NDJSON_VERSION, type NdjsonHeader } from './ndjson/header-schema.js';
/** NDJSON as a trace. */
export { type EventReceiver, importNdjson, type NdjsonImportOptions } from './ndjson/import-ndjson.js';
/** Puts clocks right that are apart, as an import does. */
export { correctSkew } from './order/correct-skew.js';
/** Batches of a trace as they are read. */
export type { BatchInfo } from './read/batch-info.js';
export { BatchMemory } from './read/batch-memory.js';
/** Copies rows from one trace to another. */
export { COPIED_COLUMNS, type CopiedBatch, copyRows, copySelectedRows } from './read/copy-rows.js';
/** Reads a file at any place. */
export { RandomAccess } from './read/file-access.js';
export { isValid, type ReadBatch } from './read/read-batch.js';
/** What is damaged in a trace. */
export type { Damage } from './read/read-contents.js';
/** Opens a trace. */
export { describeDamage, TraceReader } from './read/reader.js';
/** What a trace and a stream have in common. */
export type { RowBatch, TraceRows } from './read/trace-rows.js';
/** Checks every byte of a trace. */
export { type ValidationProblem, type ValidationReport, validateTrace } from './read/validate.js';
/** Columns and dictionaries of the event table. */
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
/** Bits of the column `flags`. */
export { FLAG, FLAG_NAMES, FLAGS, type FlagName, type FlagSpec, flagNames } from './schema/flags.js';
/** Which hypervisors flush before a page is used again. */
export { allocatorFlushes, FLUSH_RULES, type FlushRule } from './schema/flush-rules.js';
/** Event kinds. */
export { COMMON_COLUMNS, KIND, KINDS, type KindName, type KindSpec } from './schema/kinds.js';
/** Which layouts explain recorded counts. */
export { LayoutFit, movesBelowFlags } from './schema/layout-fit.js';
/** Layouts of page_info by release. */
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
/** What a trace says of itself. */
export {
  defaultMetadata,
  type ImportHealth,
  isRecorded,
  type PieceOrigin,
  parseMetadata,
  type TraceMetadata,
} from './schema/metadata.js';
/** Records of xentrace. */
export { RECORDS, type RecordSpec, recordOf } from './schema/record-table.js';
/** Names and numbers that Xen gives types, accesses, domains and locks. */
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
/** Traces of threads in the std format. */
export { exportStd, type StdExportOptions } from './std/export-std.js';
export { importStd } from './std/import-std.js';
/** The nearest known name, for messages. */
export { suggestion } from './suggestion.js';
/** 64-bit values as pairs of u32. */
export { getI53, getU53, getU64, hex, setU53, setU64 } from './u64.js';
/** Writes the batches of a trace, one after the other. */
export { LocalPool } from './write/batch-pool.js';
/** A trace anew, with or without compression. */
export { copyTrace } from './write/copy-trace.js';
/** Which events of an import become a trace. */
export type { EventFilter } from './write/event-filter.js';
/** Names that a trace has beyond those of the schema. */
export { namesBeyondInitial } from './write/names-beyond-initial.js';
/** Where batches go. */
export { openTraceSink } from './write/open-sink.js';
/** Writes a trace. */
export { type Repair, repairTrace } from './write/repair-trace.js';
export { type CallSite, symbolizeTrace } from './write/symbolize-trace.js';
export { type BatchSink, type NewNames, TraceWriter, type WriterOptions } from './write/writer.js';
/** xentrace captures as traces. */
export {
  importXentraceFile,
  importXentraceStream,
  type StreamLoss,
  type StreamReceiver,
  type StreamState,
  SymbolTable,
  type XentraceOptions,
} from './xentrace/index.js';
