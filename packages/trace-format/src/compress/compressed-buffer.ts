import type { Codec } from './codec.js';

/** In front of each compressed buffer: the length of what it contains, an int64. */
const LENGTH_BYTES = 8;
/** In its place: the bytes behind it are as they were. */
const STORED = -1n;

/** A buffer as Arrow stores it in a compressed body; an empty one has no bytes at all. */
export function compressBuffer(bytes: Uint8Array, codec: Codec): Uint8Array {
  if (bytes.length === 0) return bytes;
  const packed = codec.compress(bytes);
  const isSmaller = packed.length < bytes.length;
  const stored = new Uint8Array(LENGTH_BYTES + (isSmaller ? packed : bytes).length);
  new DataView(stored.buffer).setBigInt64(0, isSmaller ? BigInt(bytes.length) : STORED, true);
  stored.set(isSmaller ? packed : bytes, LENGTH_BYTES);
  return stored;
}

/** Bytes that a stored buffer says it contains; undefined for a number that no buffer has. */
export function containedBytes(stored: Uint8Array): number | undefined {
  if (stored.length === 0) return 0;
  if (stored.length < LENGTH_BYTES) return undefined;
  const length = new DataView(stored.buffer, stored.byteOffset).getBigInt64(0, true);
  if (length === STORED) return stored.length - LENGTH_BYTES;
  return length < 0n || length > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(length);
}

/** Fills `into` with what a buffer contains, which is as long. @throws Error like the codec's decompress */
export function expandBuffer(stored: Uint8Array, into: Uint8Array, codec: Codec): void {
  if (into.length === 0) return;
  const isStored = new DataView(stored.buffer, stored.byteOffset).getBigInt64(0, true) === STORED;
  const bytes = stored.subarray(LENGTH_BYTES);
  if (isStored) into.set(bytes);
  else codec.decompress(bytes, into);
}
