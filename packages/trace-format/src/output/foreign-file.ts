import { chmodSync, chownSync, constants } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileCalls } from './file-calls.js';
import type { OutputOptions } from './output-file.js';
import { type FileTarget, fileTarget } from './output-target.js';
import { PrivateFolder } from './private-folder.js';
import { syncFolder } from './sync-folder.js';
import { toldOf } from './system-error.js';

/**
 * An output that somebody else writes, such as DuckDB: under `path`, in a private folder beside its target, where also
 * belongs what they write besides. It gets its name when it is complete and on the disk.
 */
export class ForeignFile {
  readonly path: string;
  private readonly target: FileTarget;
  private readonly folder: PrivateFolder;
  private readonly isDurable: boolean;

  /** Makes nothing yet. @throws P2mError P2M_OUTPUT, P2M_WRITE (usage) */
  constructor(name: string, { follow, durable }: Pick<OutputOptions, 'follow' | 'durable'> = {}) {
    this.target = fileTarget(name, follow);
    this.folder = new PrivateFolder(this.target.path);
    this.path = join(this.folder.path, 'output');
    this.isDurable = durable !== false;
  }

  /** Has it written, once or again. @throws P2mError P2M_WRITE (usage), and what `make` throws; then the target is as before */
  async write<T>(make: (path: string) => Promise<T>): Promise<T> {
    const { name, path } = this.target;
    this.folder.create(name);
    try {
      const result = await make(this.path);
      toldOf(name, () => this.sync());
      toldOf(name, () => fileCalls.renameSync(this.path, path), "it is complete but can't get its name");
      if (this.isDurable) toldOf(name, () => syncFolder(dirname(path)), 'it is complete, but a crash may undo it');
      return result;
    } finally {
      this.folder.remove();
    }
  }

  private sync(): void {
    this.keepOwner();
    if (!this.isDurable) return;
    const fd = fileCalls.openSync(this.path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    try {
      fileCalls.fsyncSync(fd);
    } finally {
      fileCalls.closeSync(fd);
    }
  }

  /** As of an OutputFile. */
  private keepOwner(): void {
    const { old } = this.target;
    if (old === undefined) return;
    try {
      chownSync(this.path, old.uid, old.gid);
      chmodSync(this.path, old.mode);
    } catch {
      // It is a file of this user then.
    }
  }
}
