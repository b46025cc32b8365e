// The importers alone: a command that imports must not wait for what reads traces (its own entry point, see package.json).
/** Imports a file. */
export { importXentraceFile } from './import-file.js';
/** Imports a stream. */
export { importXentraceStream } from './import-stream.js';
/** What an import may be told. */
export type { XentraceOptions } from './options.js';
/** Names of call sites. */
export { SymbolTable } from './symbols.js';
