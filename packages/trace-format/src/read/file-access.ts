import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { P2mError } from '../errors.js';

/** A file that is read by position. */
export class RandomAccess {
  readonly path: string;
  readonly size: number;
  private readonly fd: number;

  /** @throws P2mError P2M_OPEN (absent, no permission), P2M_NOT_A_FILE */
  constructor(path: string) {
    this.path = path;
    this.fd = open(path);
    const stat = fstatSync(this.fd);
    if (!stat.isFile()) {
      closeSync(this.fd);
      const what = stat.isDirectory() ? 'is a directory' : 'is no regular file';
      throw new P2mError('P2M_NOT_A_FILE', `${path} ${what}`, { remedy: 'name a file; a pipe is read as -' });
    }
    this.size = stat.size;
  }

  /** Fills the buffer from this offset on. @throws P2mError P2M_SHORT if the file ends before */
  read(into: Uint8Array, offset: number): void {
    let done = 0;
    while (done < into.length) {
      const got = readSync(this.fd, into, done, into.length - done, offset + done);
      if (got === 0) {
        throw new P2mError(
          'P2M_SHORT',
          `the file ends at byte ${offset + done}, ${into.length - done} bytes too early`,
          {
            place: { file: this.path, byte: offset },
            remedy: 'it was cut or is still being written',
          },
        );
      }
      done += got;
    }
  }

  bytes(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.read(bytes, offset);
    return bytes;
  }

  close(): void {
    closeSync(this.fd);
  }
}

function open(path: string): number {
  try {
    // A FIFO would keep this waiting for its writer.
    return openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const what = code === 'ENOENT' ? 'there is no such file' : `it can't be opened (${code})`;
    throw new P2mError('P2M_OPEN', `${path}: ${what}`, { place: { file: path }, remedy: 'check the path', cause });
  }
}
