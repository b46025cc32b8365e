import { closeSync, openSync, writeSync } from 'node:fs';
import { usageError } from '@p2mtrace/trace-format';
import type { TextOut } from './render/rows.js';

const CHUNK = 1 << 16;

/** Text written to a file. @throws P2mError P2M_OUTPUT (usage) */
export class FileText implements TextOut {
  private readonly path: string;
  private readonly fd: number;
  private held = '';

  constructor(path: string) {
    this.path = path;
    this.fd = this.told(() => openSync(path, 'w'));
  }

  style(_: unknown, text: string): string {
    return text;
  }

  async write(text: string): Promise<void> {
    this.held += text;
    if (this.held.length >= CHUNK) await this.flush();
  }

  async flush(): Promise<void> {
    const bytes = Buffer.from(this.held);
    this.held = '';
    for (let done = 0; done < bytes.length; ) done += this.told(() => writeSync(this.fd, bytes, done));
  }

  /** Writes what is still buffered, and closes the file. */
  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      closeSync(this.fd);
    }
  }

  private told<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      const what = `${this.path} can't be written: ${(error as Error).message}`;
      throw usageError('P2M_OUTPUT', what, 'make room, or name another file');
    }
  }
}
