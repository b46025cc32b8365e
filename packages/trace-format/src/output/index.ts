/** The calls of the system by which outputs are made. */
export { fileCalls } from './file-calls.js';
/** A file that gets its name when it is complete. */
export { OutputFile, type OutputOptions } from './output-file.js';
/** Files that get their names together. */
export { OutputSet } from './output-set.js';
