import { statSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { RandomAccess } from '@p2mtrace/trace-format';
import type { ImageContents, StateArray } from '../memory/state-image.js';
import {
  bytesOf,
  type Checkpoint,
  type CheckpointIndex,
  decodeDirectory,
  INDEX_VERSION,
  MAGIC,
  newArray,
  PIECE,
  type SavedArray,
  TAIL_BYTES,
  typeOf,
} from './checkpoint-format.js';

/** Larger files are not kept in memory. */
const KEPT_BYTES = 2 ** 27;

/** Checkpoints beside a trace. Opening reads the index; a checkpoint is read and checked when it is loaded. */
export class CheckpointFile {
  readonly index: CheckpointIndex;
  private readonly file: RandomAccess;
  /** The whole file, if it is kept in memory, and the pieces of it that were checked. */
  private readonly kept: Buffer | undefined;
  private readonly checked = new Set<number>();

  private constructor(file: RandomAccess, index: CheckpointIndex, inMemory: boolean) {
    this.file = file;
    this.index = index;
    this.kept = inMemory && file.size <= KEPT_BYTES ? bytesOf(file.bytes(0, file.size)) : undefined;
  }

  /**
   * The checkpoints of exactly this trace; undefined if the file is absent, or of another trace or version. In memory,
   * whoever jumps often need not read it again.
   * @throws Error if it is damaged or can't be read
   */
  static open(path: string, trace: string, inMemory = false): CheckpointFile | undefined {
    const file = openIfThere(path);
    if (file === undefined) return undefined;
    try {
      const index = readIndex(file);
      if (index.version === INDEX_VERSION && index.trace === trace) return new CheckpointFile(file, index, inMemory);
    } catch (error) {
      file.close();
      throw error;
    }
    file.close();
    return undefined;
  }

  get size(): number {
    return this.file.size;
  }

  /** The last checkpoint at or before this event. */
  before(seq: number): Checkpoint | undefined {
    return this.index.checkpoints.findLast(checkpoint => checkpoint.seq <= seq);
  }

  /**
   * Arrays of `reused`, which belong to a state that nobody needs any more, are written over where they fit: to make
   * new ones takes as long as to fill them.
   * @throws Error if any part of it is damaged
   */
  load({ offset, bytes, crc }: Checkpoint, reused?: ImageContents): ImageContents {
    const directory = Buffer.from(this.file.bytes(offset, bytes).buffer);
    if (crc32(directory) !== crc) throw new Error('the checksum of a directory does not match');
    return new Map(
      decodeDirectory(directory).map(saved => [saved.name, this.loadArray(saved, reused?.get(saved.name))]),
    );
  }

  close(): void {
    this.file.close();
  }

  /** Reads an array; adjacent pieces are read at once. */
  private loadArray({ type, bytes, pieces }: SavedArray, reused: StateArray | undefined): StateArray {
    const isReused = reused !== undefined && reused.byteLength === bytes && typeOf(reused) === type;
    const array = isReused ? reused : newArray(type, bytes);
    const into = bytesOf(array);
    for (let i = 0; i < pieces.length / 2; ) {
      const at = pieces[2 * i];
      let next = i + 1;
      while (pieces[2 * next] === at + ((next - i) * PIECE) / 8) next++;
      if (at !== 0) {
        this.read(into.subarray(i * PIECE, next * PIECE), at * 8);
        for (let piece = i; piece < next; piece++) this.check(into, piece, pieces[2 * piece], pieces[2 * piece + 1]);
        i = next;
      } else {
        if (isReused) into.subarray(i * PIECE, (i + 1) * PIECE).fill(0);
        i++;
      }
    }
    return array;
  }

  private read(into: Buffer, offset: number): void {
    if (this.kept === undefined) this.file.read(into, offset);
    else if (this.kept.copy(into, 0, offset, offset + into.length) < into.length) throw new Error('it ends too early');
  }

  /** What is kept in memory does not change. */
  private check(bytes: Buffer, piece: number, at: number, crc: number): void {
    if (this.checked.has(at)) return;
    check(bytes, piece, crc);
    if (this.kept !== undefined) this.checked.add(at);
  }
}

function check(bytes: Buffer, piece: number, crc: number): void {
  if (crc32(bytes.subarray(piece * PIECE, (piece + 1) * PIECE)) !== crc) {
    throw new Error('the checksum of a piece does not match');
  }
}

function openIfThere(path: string): RandomAccess | undefined {
  // A FIFO would wait for a writer.
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) throw new Error('it is no regular file');
  try {
    return new RandomAccess(path);
  } catch (error) {
    if (((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return undefined;
    throw error;
  }
}

function readIndex(file: RandomAccess): CheckpointIndex {
  const tail = Buffer.from(file.bytes(Math.max(0, file.size - TAIL_BYTES), TAIL_BYTES).buffer);
  const length = tail.readUInt32LE(0);
  if (tail.toString('latin1', 8) !== MAGIC || length > file.size - TAIL_BYTES) throw new Error('it has no end');
  const json = Buffer.from(file.bytes(file.size - TAIL_BYTES - length, length).buffer);
  if (crc32(json) !== tail.readUInt32LE(4)) throw new Error('the checksum of its index does not match');
  return JSON.parse(json.toString()) as CheckpointIndex;
}
