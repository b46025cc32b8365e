import { constants, fstatSync, ftruncateSync, readSync, statSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { hostname } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { fileCalls } from './file-calls.js';
import { removed } from './unfinished.js';

/** The part of fs-native-extensions that is used; it has no types of its own. */
interface NativeLocks {
  tryLock(fd: number): boolean;
}

/** How often a lock that somebody else has is asked for again. */
const FIRST_WAIT_MS = 10;
const LONGEST_WAIT_MS = 250;
const OWNER_BYTES = 300;

let native: NativeLocks | undefined;

/**
 * The lock of a name, held until it is released or the process ends, however it ends: the kernel takes it back (a lock of
 * the open file, as SQLite and DuckDB have them, not one that a file's presence stands for). The file says who holds it.
 *
 * A lock spares work that two would do twice, and says who does it. Files do not depend on it: each is written under a
 * name of its own and renamed. So where a lock can't be made (no right to write, a file system without locks), work goes
 * on without one.
 */
export class FileLock {
  private readonly path: string;
  private fd: number | undefined;

  private constructor(path: string, fd: number | undefined) {
    this.path = path;
    this.fd = fd;
  }

  /** Takes the lock; undefined if another has it. `what`: what the holder is, for others. */
  static tryTake(path: string, what: string): FileLock | undefined {
    for (;;) {
      const fd = openLock(path);
      if (fd === undefined) return new FileLock(path, undefined);
      const granted = lockOf(fd);
      if (granted !== true) {
        close(fd);
        if (granted === undefined) return new FileLock(path, undefined);
        return undefined;
      }
      // Whoever had it may have removed the file since it was opened; then it is no longer this name that is locked.
      if (statSync(path, { bigint: true, throwIfNoEntry: false })?.ino !== fstatSync(fd, { bigint: true }).ino) {
        close(fd);
        continue;
      }
      sign(fd, what);
      return new FileLock(path, fd);
    }
  }

  /**
   * Takes the lock, and waits for it as long as another has it. `onWait` is called once with who that is, if it takes
   * longer than a moment. @throws the signal's reason, once it is aborted
   */
  static async take(
    path: string,
    what: string,
    onWait: (holder: string) => void = () => undefined,
    signal?: AbortSignal,
  ): Promise<FileLock> {
    let waited = 0;
    for (let pause = FIRST_WAIT_MS; ; pause = Math.min(2 * pause, LONGEST_WAIT_MS)) {
      const lock = FileLock.tryTake(path, what);
      if (lock !== undefined) return lock;
      if (waited < 1000 && waited + pause >= 1000) onWait(lockHolder(path));
      waited += pause;
      await setTimeout(pause, undefined, { signal });
    }
  }

  /** False where locks can't be made, so that others may hold the same; and after release. */
  get isHeld(): boolean {
    return this.fd !== undefined;
  }

  /** Gives the lock back and removes its file. */
  release(): void {
    if (this.fd === undefined) return;
    const { path, fd } = this;
    this.fd = undefined;
    // Removed while it is held: afterwards it may be another's. A file that stays is of no harm.
    removed(() => fileCalls.rmSync(path, { force: true }));
    close(fd);
  }
}

/** Who holds the lock of a name, as `process 4711 on lab1 (audit) since 03:00:12`. */
export function lockHolder(path: string): string {
  const bytes = Buffer.alloc(OWNER_BYTES);
  try {
    const fd = fileCalls.openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const said = bytes.toString('utf8', 0, readSync(fd, bytes));
      return /^process \d+ on [\w.-]+ \([\w ]+\) since [\d:TZ.-]+$/.test(said) ? said : 'another process';
    } finally {
      close(fd);
    }
  } catch {
    return 'another process';
  }
}

/** undefined if the file can't be made, or is something else than a file. */
function openLock(path: string): number | undefined {
  const { O_RDWR, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    const fd = fileCalls.openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o666);
    if (fstatSync(fd).isFile()) return fd;
    close(fd);
  } catch {
    // What is done under the lock says what is wrong with the folder.
  }
  return undefined;
}

/** Whether the lock was granted; undefined where there are no locks. */
function lockOf(fd: number): boolean | undefined {
  try {
    native ??= createRequire(import.meta.url)('fs-native-extensions') as NativeLocks;
    return native.tryLock(fd);
  } catch {
    return undefined;
  }
}

function sign(fd: number, what: string): void {
  try {
    ftruncateSync(fd);
    writeSync(fd, `process ${process.pid} on ${hostname()} (${what}) since ${new Date().toISOString()}`, 0);
  } catch {
    // On a full disk the lock holds all the same.
  }
}

/** Whatever a close says, the descriptor is gone, and with it the lock. */
function close(fd: number): void {
  try {
    fileCalls.closeSync(fd);
  } catch {
    // As said.
  }
}
