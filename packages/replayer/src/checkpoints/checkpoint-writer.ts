import { crc32 } from 'node:zlib';
import { OutputFile } from '@p2mtrace/trace-format/output';
import type { ImageContents, StateArray } from '../memory/state-image.js';
import {
  bytesOf,
  type Checkpoint,
  type CheckpointIndex,
  encodeDirectory,
  encodeIndex,
  MAGIC,
  PIECE,
  pieceCount,
  type SavedArray,
  typeOf,
} from './checkpoint-format.js';

/** An array as it was at the previous checkpoint, and where its pieces are. */
interface Shadow {
  readonly bytes: Buffer;
  readonly pieces: Uint32Array;
}

/** Bytes that are collected before they are written. */
const BUFFER = 1 << 20;

/**
 * Writes checkpoints of one replay, each only where it differs from the one before. The file gets its name once it is
 * complete.
 */
export class CheckpointWriter {
  readonly checkpoints: Checkpoint[] = [];
  private readonly file: OutputFile;
  private readonly buffer = Buffer.allocUnsafe(BUFFER);
  private buffered = 0;
  private flushed = 0;
  private shadows = new Map<string, Shadow>();

  /** @throws P2mError P2M_OUTPUT, P2M_WRITE (usage) */
  constructor(path: string) {
    this.file = new OutputFile(path, { follow: false });
    this.append(Buffer.from(MAGIC, 'latin1'));
  }

  /** Bytes so far. */
  get size(): number {
    return this.flushed + this.buffered;
  }

  /** Adds the state before the event with this seq. @throws P2mError P2M_WRITE (usage) */
  add(seq: number, contents: ImageContents): void {
    const shadows = new Map<string, Shadow>();
    const arrays: SavedArray[] = [];
    for (const [name, array] of contents) {
      const shadow = this.addArray(array, this.shadows.get(name));
      shadows.set(name, shadow);
      arrays.push({ name, type: typeOf(array), bytes: array.byteLength, pieces: shadow.pieces });
    }
    this.shadows = shadows;
    const directory = encodeDirectory(arrays);
    this.checkpoints.push({ seq, offset: this.size, bytes: directory.length, crc: crc32(directory) });
    this.append(directory);
    this.align();
  }

  /** Completes the file and gives it its name; an older file of that name is replaced. @throws P2mError P2M_WRITE */
  finish(index: Omit<CheckpointIndex, 'checkpoints'>): void {
    this.append(encodeIndex({ ...index, checkpoints: this.checkpoints }));
    this.flush();
    this.file.finish();
  }

  /** Gives up and removes the file. */
  abort(): void {
    this.file.discard();
  }

  /** Writes the pieces of an array that differ from its shadow, which starts as zero bytes. */
  private addArray(array: StateArray, before: Shadow | undefined): Shadow {
    const live = bytesOf(array);
    const shadow = before?.bytes.length === live.length ? before : grown(before, live.length);
    const oldLength = before?.bytes.length ?? 0;
    for (let i = 0, from = 0; from < live.length; i++, from += PIECE) {
      const to = Math.min(from + PIECE, live.length);
      // In the file, a piece is as long as it was when written.
      const cut = shadow.pieces[2 * i] !== 0 && Math.min(from + PIECE, oldLength) !== to;
      if (!cut && shadow.bytes.compare(live, from, to, from, to) === 0) continue;
      live.copy(shadow.bytes, from, from, to);
      shadow.pieces[2 * i] = this.size / 8;
      shadow.pieces[2 * i + 1] = crc32(live.subarray(from, to));
      this.append(live.subarray(from, to));
      this.align();
    }
    return shadow;
  }

  private align(): void {
    this.append(Buffer.alloc(-this.size & 7));
  }

  private append(bytes: Buffer): void {
    if (this.buffered + bytes.length > BUFFER) this.flush();
    if (bytes.length > BUFFER) {
      this.write(bytes);
    } else {
      bytes.copy(this.buffer, this.buffered);
      this.buffered += bytes.length;
    }
  }

  private flush(): void {
    this.write(this.buffer.subarray(0, this.buffered));
    this.buffered = 0;
  }

  private write(bytes: Buffer): void {
    this.file.append(bytes);
    this.flushed += bytes.length;
  }
}

/** A shadow resized: what both lengths have is kept, the rest is zero bytes. */
function grown(before: Shadow | undefined, length: number): Shadow {
  const bytes = Buffer.alloc(length);
  const pieces = new Uint32Array(2 * pieceCount(length));
  if (before !== undefined) {
    before.bytes.copy(bytes, 0, 0, length);
    pieces.set(before.pieces.subarray(0, pieces.length));
  }
  return { bytes, pieces };
}
