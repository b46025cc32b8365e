import { constants, fchmodSync, fchownSync, fdatasync, fstatSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileCalls } from './file-calls.js';
import type { OutputSet } from './output-set.js';
import { type FileTarget, fileTarget } from './output-target.js';
import { syncFolder } from './sync-folder.js';
import { toldOf } from './system-error.js';
import { temporaryName } from './temporary-name.js';
import { removeAtExit, removed } from './unfinished.js';
import { writeFully } from './write-fully.js';

export interface OutputOptions {
  /** Files that get their names together. */
  readonly set?: OutputSet | undefined;
  /** False if the file need not survive a crash of the machine, as it is of no use afterwards. */
  readonly durable?: boolean | undefined;
  /** False for files that nobody named: a symbolic link in their place is not followed, but refused. */
  readonly follow?: boolean | undefined;
  /** Permissions of a new file; an old one keeps its own. */
  readonly mode?: number | undefined;
}

/** Bytes that the disk gets at once, while a file is still written. */
const SEND = 1 << 27;

/** Never an existing file, nor what a link points to. */
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);

/**
 * A file that is written under a name that nobody else has, in the folder of its target, and gets its name when it is
 * complete and on the disk. Until then, what was there stays; if the process ends, or gives up, nothing is left.
 */
export class OutputFile {
  /** Where it is written. */
  readonly partial: string;
  readonly fd: number;
  private readonly target: FileTarget;
  private readonly options: OutputOptions;
  private readonly finished: () => void;
  private state: 'open' | 'complete' | 'done' = 'open';
  private isClosed = false;
  private at = 0;
  /** Bytes whose way to the disk has begun. */
  private sent = 0;

  /** @throws P2mError P2M_OUTPUT, P2M_WRITE (usage) */
  constructor(path: string, options: OutputOptions = {}) {
    this.options = options;
    this.target = fileTarget(path, options.follow);
    this.partial = temporaryName(this.target.path);
    const mode = this.target.old?.mode ?? options.mode ?? 0o666;
    this.finished = removeAtExit(() => fileCalls.unlinkSync(this.partial));
    try {
      this.fd = this.told(() => fileCalls.openSync(this.partial, NEW_FILE, mode));
    } catch (error) {
      this.finished();
      throw error;
    }
    keepOwner(this.fd, this.target);
  }

  /** True if it gets its name with others. */
  get isInSet(): boolean {
    return this.options.set !== undefined;
  }

  /** Its size so far. */
  get bytes(): number {
    return fstatSync(this.fd).size;
  }

  /** Writes at a position. @throws P2mError P2M_WRITE (usage) */
  write(bytes: Uint8Array, position: number): void {
    this.told(() => writeFully(this.fd, [bytes], position));
  }

  /** Writes behind what was appended so far. @throws P2mError P2M_WRITE (usage) */
  append(bytes: Uint8Array): void {
    this.write(bytes, this.at);
    this.at += bytes.length;
  }

  /**
   * Tells how long the file has become by what others write to its descriptor. The disk takes what there is meanwhile, so
   * that there is less to wait for at the end.
   */
  reached(bytes: number): void {
    if (this.options.durable === false || bytes - this.sent < SEND) return;
    this.sent = bytes;
    // Only the fsync at the end counts: it tells of errors.
    fdatasync(this.fd, () => undefined);
  }

  /** Does work on the file. @throws P2mError P2M_WRITE (usage) in place of errors of the system */
  told<T>(work: () => T, what?: string): T {
    return toldOf(this.target.name, work, what);
  }

  /** Closes the file: it is complete. @throws P2mError P2M_WRITE (usage) */
  complete(): void {
    this.told(() => {
      if (this.options.durable !== false) fileCalls.fsyncSync(this.fd);
      this.close();
    });
    this.state = 'complete';
    this.options.set?.add(this);
  }

  /** Gives the complete file its name. @throws P2mError P2M_WRITE (usage) */
  publish(): void {
    if (this.state !== 'complete') return;
    this.told(() => fileCalls.renameSync(this.partial, this.target.path), "it is complete but can't get its name");
    this.state = 'done';
    this.finished();
    const folder = dirname(this.target.path);
    if (this.options.durable !== false) this.told(() => syncFolder(folder), 'it is complete, but a crash may undo it');
  }

  /** Completes the file and, unless it belongs to a set, gives it its name. @throws P2mError P2M_WRITE (usage) */
  finish(): void {
    this.complete();
    if (!this.isInSet) this.publish();
  }

  /** Gives up and removes the file. Harmless after `publish`. */
  discard(): void {
    if (this.state === 'done') return;
    this.state = 'done';
    try {
      this.close();
    } catch {
      // It is removed.
    }
    if (removed(() => fileCalls.unlinkSync(this.partial))) this.finished();
  }

  private close(): void {
    if (this.isClosed) return;
    // Even a close that fails ends the descriptor.
    this.isClosed = true;
    fileCalls.closeSync(this.fd);
  }
}

/** What replaces a file gets its owner and its permissions, as far as this user may do that. */
function keepOwner(fd: number, { old }: FileTarget): void {
  if (old === undefined) return;
  try {
    fchownSync(fd, old.uid, old.gid);
    fchmodSync(fd, old.mode);
  } catch {
    // It is a file of this user then.
  }
}
