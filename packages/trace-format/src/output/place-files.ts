import { constants } from 'node:fs';
import { dirname } from 'node:path';
import { fileCalls } from './file-calls.js';
import { syncFolder } from './sync-folder.js';
import { toldOf } from './system-error.js';
import { makeFolderOf } from './write-output.js';

/**
 * Gives files that are complete their names, on the same file system, in folders that are made where they are missing;
 * all of it is on the disk afterwards. What had a name is replaced.
 * @throws P2mError P2M_WRITE (usage); those before it have their names then
 */
export function placeFiles(files: readonly { readonly from: string; readonly to: string }[]): void {
  for (const { from, to } of files) {
    makeFolderOf(to);
    toldOf(to, () => {
      syncFile(from);
      fileCalls.renameSync(from, to);
    });
  }
  const folders = new Set(files.map(({ to }) => dirname(to)));
  for (const folder of folders) toldOf(folder, () => syncFolder(folder));
}

function syncFile(path: string): void {
  const fd = fileCalls.openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  try {
    fileCalls.fsyncSync(fd);
  } finally {
    fileCalls.closeSync(fd);
  }
}
