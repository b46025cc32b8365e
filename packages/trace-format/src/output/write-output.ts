import { dirname } from 'node:path';
import { fileCalls } from './file-calls.js';
import { OutputFile, type OutputOptions } from './output-file.js';
import { toldOf } from './system-error.js';

/** Writes a file as a whole. @throws P2mError P2M_OUTPUT, P2M_WRITE (usage); then the file is as before */
export function writeOutput(path: string, text: string, options: OutputOptions = {}): void {
  const file = new OutputFile(path, options);
  try {
    file.append(Buffer.from(text));
    file.finish();
  } catch (error) {
    file.discard();
    throw error;
  }
}

/** Makes a folder and those above it, unless they are there. @throws P2mError P2M_WRITE (usage) */
export function makeFolder(path: string): void {
  toldOf(path, () => fileCalls.mkdirSync(path, { recursive: true }), "the folder can't be made");
}

/** The folder of a file, made as by makeFolder. */
export const makeFolderOf = (path: string): void => makeFolder(dirname(path));

/** Removes a file, or a folder in which one was made, that is of no use any more, if it is there. @throws P2mError P2M_WRITE (usage) */
export function removeOutput(path: string): void {
  toldOf(path, () => fileCalls.rmSync(path, { recursive: true, force: true }), "it can't be removed");
}
