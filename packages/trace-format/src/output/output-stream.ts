import { constants, fsync, open, write } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { fileCalls } from './file-calls.js';
import { isSystemError, outputError } from './system-error.js';

/** How long a descriptor that does not wait for its reader is left alone once it is full. */
const FULL_MS = 5;

/** A device, FIFO or descriptor as an output: what is written is gone, and what is there is not replaced. */
export class OutputStream {
  private readonly name: string;
  private readonly fd: number;

  private constructor(name: string, fd: number) {
    this.name = name;
    this.fd = fd;
  }

  /** Opens it, or takes the descriptor. A FIFO waits for its reader. @throws P2mError P2M_WRITE (usage) */
  static async open(name: string, fd?: number): Promise<OutputStream> {
    try {
      return new OutputStream(name, fd ?? (await promisify(open)(name, constants.O_WRONLY)));
    } catch (error) {
      throw outputError(name, error);
    }
  }

  /** @throws P2mError P2M_WRITE (usage) */
  async append(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      try {
        const { bytesWritten } = await promisify(write)(this.fd, bytes, done, bytes.length - done, null);
        done += bytesWritten;
      } catch (error) {
        if (!isSystemError(error) || error.code !== 'EAGAIN') throw outputError(this.name, error);
        await setTimeout(FULL_MS);
      }
    }
  }

  /** Has what is written reach a device that can be synced, and closes it. @throws P2mError P2M_WRITE (usage) */
  async finish(): Promise<void> {
    try {
      await promisify(fsync)(this.fd);
    } catch (error) {
      // FIFOs, terminals and most devices can't be.
      if (isSystemError(error) && error.code === 'EIO') throw outputError(this.name, error);
    } finally {
      this.discard();
    }
  }

  /** Closes it; what was written stays written. */
  discard(): void {
    if (this.fd <= 2) return;
    try {
      fileCalls.closeSync(this.fd);
    } catch {
      // Whoever reads it has what was written.
    }
  }
}
