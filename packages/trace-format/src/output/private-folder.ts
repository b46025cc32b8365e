import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileCalls } from './file-calls.js';
import { toldOf } from './system-error.js';
import { temporaryName } from './temporary-name.js';
import { removeAtExit, removed } from './unfinished.js';

/** A folder that only this process knows and only its user may enter; at the end it is removed with what is in it. */
export class PrivateFolder {
  readonly path: string;
  private finished: (() => void) | undefined;

  /** A name in the folder of `beside`; nothing is made yet. */
  constructor(beside: string) {
    this.path = temporaryName(beside);
  }

  /** @throws P2mError P2M_WRITE (usage), which names `file` */
  create(file: string, what?: string): void {
    this.finished = removeAtExit(() => this.clear());
    try {
      toldOf(file, () => fileCalls.mkdirSync(this.path, { mode: 0o700 }), what);
    } catch (error) {
      this.finished();
      throw error;
    }
  }

  remove(): void {
    if (removed(() => this.clear())) this.finished?.();
  }

  private clear(): void {
    fileCalls.rmSync(this.path, { recursive: true, force: true });
  }
}

/** A private folder where temporary files go: $TMPDIR. */
export const scratchFolder = (): PrivateFolder => new PrivateFolder(join(tmpdir(), 'p2mtrace'));

/** Gives work a folder for files that are of no use afterwards. @throws P2mError P2M_WRITE (usage), and what `work` throws */
export async function withScratchFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = scratchFolder();
  folder.create(tmpdir(), 'no temporary files can be made ($TMPDIR)');
  try {
    return await work(folder.path);
  } finally {
    folder.remove();
  }
}
