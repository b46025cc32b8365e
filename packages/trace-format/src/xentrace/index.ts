// The importers alone: a command that imports must not wait for what reads traces (its own entry point, see package.json).
export { importXentraceFile } from './import-file.js';
export { importXentraceStream } from './import-stream.js';
export type { XentraceOptions } from './options.js';
export { SymbolTable } from './symbols.js';
