import type { RandomAccess } from '../read/file-access.js';

/** Bytes of a capture by their offset: all of a file, or what a stream has brought and nobody has dropped yet. */
export interface ByteSource {
  /** Offset behind the last byte that is known. */
  readonly size: number;
  /** True once no more will come. */
  readonly ended: boolean;
  /** These bytes, which must be known; valid until the next call. */
  bytes(offset: number, length: number): Uint8Array;
}

/** The bytes of a file. */
export class FileSource implements ByteSource {
  readonly ended = true;
  readonly size: number;
  private readonly file: RandomAccess;
  private scratch = new Uint8Array(1 << 16);

  constructor(file: RandomAccess) {
    this.file = file;
    this.size = file.size;
  }

  /** @throws P2mError P2M_SHORT if the file has become shorter */
  bytes(offset: number, length: number): Uint8Array {
    if (this.scratch.length < length) this.scratch = new Uint8Array(length);
    const bytes = this.scratch.subarray(0, length);
    this.file.read(bytes, offset);
    return bytes;
  }
}

/** The bytes of a stream from `start` on. */
export class StreamSource implements ByteSource {
  ended = false;
  /** Offset of the first byte that is still held. */
  private start = 0;
  private held = new Uint8Array(1 << 16);
  private heldBytes = 0;

  get size(): number {
    return this.start + this.heldBytes;
  }

  push(bytes: Uint8Array): void {
    if (this.heldBytes + bytes.length > this.held.length) {
      const larger = new Uint8Array(Math.max(this.held.length * 2, this.heldBytes + bytes.length));
      larger.set(this.held.subarray(0, this.heldBytes));
      this.held = larger;
    }
    this.held.set(bytes, this.heldBytes);
    this.heldBytes += bytes.length;
  }

  bytes(offset: number, length: number): Uint8Array {
    const at = offset - this.start;
    if (at < 0 || at + length > this.heldBytes) throw new Error('bytes of a stream that are not held');
    return this.held.subarray(at, at + length);
  }

  /** Forgets what lies before this offset. */
  dropBefore(offset: number): void {
    const count = Math.min(offset - this.start, this.heldBytes);
    if (count <= 0) return;
    this.held.copyWithin(0, count, this.heldBytes);
    this.start += count;
    this.heldBytes -= count;
  }
}
