// Only the importers: a command that imports need not load the reader of traces (own entry point, see package.json).
export { importXentraceFile } from './import-file.js';
export { importXentraceStream } from './import-stream.js';
export type { XentraceOptions } from './options.js';
export { SymbolTable } from './symbols.js';
