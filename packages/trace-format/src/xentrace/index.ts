// Only the importers: a command that imports need not load the reader of traces (own entry point, see package.json).
/** Imports a file. */
export { importXentraceFile } from './import-file.js';
/** Imports a stream. */
export { importXentraceStream } from './import-stream.js';
/** What an import may be told. */
export type { XentraceOptions } from './options.js';
/** Takes a stream as it comes. */
export type { StreamLoss, StreamReceiver, StreamState } from './stream-receiver.js';
/** Names of call sites. */
export { SymbolTable } from './symbols.js';
