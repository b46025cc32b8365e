import { crc32 } from 'node:zlib';
import type { StateArray } from '../memory/state-image.js';

/**
 * Checkpoints of a trace, in a file beside it (docs/format.md). All numbers are little-endian.
 *
 *     magic, pieces and directory of each checkpoint, index, tail
 */
export const MAGIC = 'P2MINDEX';
/** Raised with any change of this format; the contents of the state have their own `STATE_VERSION`. */
export const INDEX_VERSION = 2;
/** index bytes u32, its CRC-32 u32, magic. */
export const TAIL_BYTES = 8 + MAGIC.length;
/** Size of the pieces in which arrays are saved; the last may be shorter. Pieces start at multiples of 8. */
export const PIECE = 4096;

/** A checkpoint: the state before the event with this seq. */
export interface Checkpoint {
  readonly seq: number;
  /** Where its directory is. */
  readonly offset: number;
  readonly bytes: number;
  readonly crc: number;
}

/** The index at the end of the file, as JSON. */
export interface CheckpointIndex {
  readonly version: number;
  /** Identity of the trace, and version of the state. */
  readonly trace: string;
  /** Events from one checkpoint to the next, at least. */
  readonly every: number;
  /** seq up to which the trace was replayed: after it, a missing checkpoint does not mean that none is needed. */
  readonly until: number;
  readonly checkpoints: readonly Checkpoint[];
}

/** An array of a state, and its pieces: the offset / 8 (0: all bytes are zero) and the CRC-32 of each. */
export interface SavedArray {
  readonly name: string;
  readonly type: ArrayType;
  readonly bytes: number;
  readonly pieces: Uint32Array;
}

const ARRAYS = { Uint8Array, Uint16Array, Int32Array, Uint32Array, Float64Array };
type ArrayType = keyof typeof ARRAYS;
export const typeOf = (array: StateArray) => array.constructor.name as ArrayType;
export const newArray = (type: ArrayType, bytes: number): StateArray =>
  new ARRAYS[type](bytes / ARRAYS[type].BYTES_PER_ELEMENT);

export const pieceCount = (bytes: number) => Math.ceil(bytes / PIECE);
export const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);

/** Directory of a checkpoint: its length, JSON with names, types and sizes, then the pieces of all arrays. */
export function encodeDirectory(arrays: readonly SavedArray[]): Buffer {
  const json = Buffer.from(JSON.stringify(arrays.map(({ name, type, bytes }) => [name, type, bytes])));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  const padding = Buffer.alloc(-(4 + json.length) & 3);
  return Buffer.concat([length, json, padding, ...arrays.map(({ pieces }) => bytesOf(pieces))]);
}

export function decodeDirectory(directory: Buffer): SavedArray[] {
  const length = directory.readUInt32LE(0);
  const entries = JSON.parse(directory.toString('utf8', 4, 4 + length)) as [string, ArrayType, number][];
  let at = (4 + length + 3) & ~3;
  return entries.map(([name, type, bytes]) => {
    const pieces = new Uint32Array(2 * pieceCount(bytes));
    bytesOf(pieces).set(directory.subarray(at, at + pieces.byteLength));
    at += pieces.byteLength;
    return { name, type, bytes, pieces };
  });
}

export function encodeIndex(index: CheckpointIndex): Buffer {
  const json = Buffer.from(JSON.stringify(index));
  const tail = Buffer.alloc(TAIL_BYTES);
  tail.writeUInt32LE(json.length, 0);
  tail.writeUInt32LE(crc32(json), 4);
  tail.write(MAGIC, 8, 'latin1');
  return Buffer.concat([json, tail]);
}
