import { constants } from 'node:fs';
import { fileCalls } from './file-calls.js';
import { isSystemError } from './system-error.js';

/** The folder may be written to but not read, or the file system knows no syncing of folders. */
const CANT_SYNC = new Set(['EACCES', 'EPERM', 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EISDIR', 'EBADF']);

/** Has the names in a folder survive a crash of the machine, where that is possible. @throws an error of the system */
export function syncFolder(folder: string): void {
  try {
    const fd = fileCalls.openSync(folder, constants.O_RDONLY | (constants.O_DIRECTORY ?? 0));
    try {
      fileCalls.fsyncSync(fd);
    } finally {
      fileCalls.closeSync(fd);
    }
  } catch (error) {
    if (!isSystemError(error) || !CANT_SYNC.has(error.code)) throw error;
  }
}
