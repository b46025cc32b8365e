import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { P2mError } from '@p2mtrace/trace-format/errors';
import { makeFolder, removeOutput, writeOutput } from '@p2mtrace/trace-format/output';
import { writeSealed } from '../output/sealed-file.js';
import type { AuditTask } from './audit-task.js';
import { StateFolder } from './state-folder.js';
import { storeId } from './store-id.js';
import type { TraceResult } from './trace-result.js';

/** Where work on a key goes on this machine: the trace made from a capture, its result, its lock. */
export type Places = Pick<AuditTask, 'trace' | 'result' | 'lock'>;

/**
 * What the machines of an audit have in common: results by key (`AuditTask.key`), so that they need not go through
 * whatever deals out the work.
 */
export interface ResultStore {
  places(key: string): Places;
  /** What tells it from other stores, and where it is on this machine. @throws P2mError P2M_STORE */
  identity(): Promise<{ readonly id: string; readonly path: string }>;
  /** The result of a key; undefined if there is none, or it is damaged. Made traces have the path that they have here. */
  read(key: string): Promise<TraceResult | undefined>;
  /** Keeps what a process has put at `places(key).result`, or has failed to. @throws P2mError P2M_WRITE, P2M_OUTPUT (usage) */
  keep(key: string, result: TraceResult): Promise<void>;
  /** @throws P2mError P2M_STORE if nothing can be written */
  checkWritable(): Promise<void>;
  /** What others have written is seen after this, where a file system remembers what was not there. */
  refresh(): void;
  /** Removes what processes that were killed left unfinished. */
  removeLeftovers(): void;
}

/** A folder on storage that all machines see, with the form of a state folder. */
export class FolderStore implements ResultStore {
  private readonly folder: StateFolder;

  /** @throws P2mError P2M_WRITE (usage) if the folder can't be made */
  constructor(path: string, tell: (text: string) => void) {
    this.folder = new StateFolder(path, tell);
  }

  places(key: string): Places {
    return placesIn(this.folder, key);
  }

  async identity(): Promise<{ readonly id: string; readonly path: string }> {
    return { id: await storeId(this.folder.path), path: this.folder.path };
  }

  async read(key: string): Promise<TraceResult | undefined> {
    const result = this.folder.result(key);
    // A worker may see the store under another path.
    return result === undefined || result.trace === result.path ? result : { ...result, trace: this.places(key).trace };
  }

  async keep(key: string, result: TraceResult): Promise<void> {
    if (this.folder.result(key) === undefined) writeSealed(this.folder.resultPath(key), result);
  }

  async checkWritable(): Promise<void> {
    const probe = join(this.folder.path, `probe-${randomBytes(6).toString('hex')}`);
    try {
      makeFolder(this.folder.path);
      writeOutput(probe, 'p2mtrace\n', { follow: false });
      removeOutput(probe);
    } catch (error) {
      throw new P2mError('P2M_STORE', `nothing can be written to the store: ${(error as Error).message}`, {
        place: { file: this.folder.path },
        remedy: 'make room, or correct the rights; the traces stay in the queue',
        cause: error,
      });
    }
  }

  /** NFS asks anew when a folder is listed. */
  refresh(): void {
    readdirSync(dirname(this.folder.resultPath('')));
  }

  removeLeftovers(): void {
    this.folder.removeLeftovers();
  }
}

/** The places of a key in a state folder. */
export const placesIn = (folder: StateFolder, key: string): Places => ({
  trace: folder.tracePath(key),
  result: folder.resultPath(key),
  lock: folder.lockPath(key),
});
