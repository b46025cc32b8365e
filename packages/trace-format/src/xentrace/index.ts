// The importers alone: a command that imports must not wait for what reads traces (its own entry point, see package.json).
export { importXentraceFile, importXentraceStream } from './import-xentrace.js';
export type { XentraceOptions } from './options.js';
export { SymbolTable } from './symbols.js';
