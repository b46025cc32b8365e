/** Whether outputs can be made, and are neither inputs nor each other. */
export { checkOutputs } from './check-outputs.js';
/** The calls of the system by which outputs are made. */
export { fileCalls } from './file-calls.js';
/** Who works on a file. */
export { FileLock, lockHolder } from './file-lock.js';
/** A file that somebody else writes. */
export { ForeignFile } from './foreign-file.js';
/** A file that gets its name when it is complete. */
export { OutputFile, type OutputOptions } from './output-file.js';
/** What an output's name means. */
export { isStdout, outputKind } from './output-kind.js';
/** Files that get their names together. */
export { OutputSet } from './output-set.js';
/** Devices, FIFOs and descriptors. */
export { OutputStream } from './output-stream.js';
/** Gives files their names that lie elsewhere. */
export { placeFiles } from './place-files.js';
/** Temporary files. */
export { type PrivateFolder, scratchFolder, withScratchFolder } from './private-folder.js';
/** What is damaged goes out of the way. */
export { putAside } from './put-aside.js';
/** Where files lie before they get their names. */
export { StagingFolder } from './staging-folder.js';
/** Errors of the system in words. */
export { explainSystemError, isSystemError, outputError, toldOf } from './system-error.js';
/** What killed processes left. */
export { isTemporaryName, removeAbandoned } from './temporary-name.js';
/** Small files. */
export { makeFolder, makeFolderOf, removeOutput, writeOutput } from './write-output.js';
