import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { FileLock } from './file-lock.js';
import { PrivateFolder } from './private-folder.js';
import { isTemporaryName } from './temporary-name.js';
import { makeFolder, removeOutput } from './write-output.js';

const LOCK = '.lock';
/** Where there are no locks: how long the folder of a living process may go without a new file. */
const ABANDONED_MS = 24 * 3_600_000;

/**
 * A private folder for files that will be moved from there to their names. It has a lock beside it, so that others see
 * whether its process lives; what a killed one left, the next one removes.
 */
export class StagingFolder {
  readonly path: string;
  private readonly folder: PrivateFolder;
  private readonly lock: FileLock | undefined;

  /** Makes one in `parent`, which is made where it is missing. @throws P2mError P2M_WRITE (usage) */
  constructor(parent: string, what: string) {
    makeFolder(parent);
    removeLeft(parent, what);
    this.folder = new PrivateFolder(join(parent, what));
    this.path = this.folder.path;
    this.lock = FileLock.tryTake(`${this.path}${LOCK}`, what);
    try {
      this.folder.create(this.path);
    } catch (error) {
      this.lock?.release();
      throw error;
    }
  }

  /** Removes it with all that is still in it. */
  remove(): void {
    this.folder.remove();
    this.lock?.release();
  }
}

/** Removes the folders whose process has ended. @throws P2mError P2M_WRITE (usage) */
function removeLeft(parent: string, what: string): void {
  for (const name of readdirSync(parent)) {
    const folder = join(parent, name.endsWith(LOCK) ? name.slice(0, -LOCK.length) : name);
    if (!isTemporaryName(folder)) continue;
    const lock = FileLock.tryTake(`${folder}${LOCK}`, what);
    if (lock === undefined) continue;
    const stat = lstatSync(folder, { throwIfNoEntry: false });
    const isLeft = lock.isHeld || (stat !== undefined && Date.now() - stat.mtimeMs > ABANDONED_MS);
    if (isLeft) removeOutput(folder);
    lock.release();
  }
}
