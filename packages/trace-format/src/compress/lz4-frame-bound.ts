const MAGIC = 0x184d_2204;
/** Bits of the byte FLG. */
const BLOCK_CHECKSUM = 0x10;
const CONTENT_SIZE = 0x08;
const DICTIONARY_ID = 0x01;
/** In the size of a block: its bytes are as they were. */
const STORED = 0x8000_0000;
/** A sequence makes at most this many bytes of one. */
const MOST_OF_A_BYTE = 255;

/**
 * The most bytes that an LZ4 frame can contain, by the sizes of its blocks, without decompressing it.
 * @throws Error if it is no frame
 */
export function lz4FrameBound(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 11 || view.getUint32(0, true) !== MAGIC) throw new Error('there is no LZ4 frame');
  const flags = bytes[4];
  const largest = 1 << (8 + 2 * ((bytes[5] >>> 4) & 7));
  const checksum = (flags & BLOCK_CHECKSUM) === 0 ? 0 : 4;
  let at = 7 + ((flags & CONTENT_SIZE) === 0 ? 0 : 8) + ((flags & DICTIONARY_ID) === 0 ? 0 : 4);
  let bound = 0;
  while (at + 4 <= bytes.length) {
    const size = view.getUint32(at, true);
    if (size === 0) return bound;
    const stored = size % STORED;
    bound += Math.min(largest, size >= STORED ? stored : stored * MOST_OF_A_BYTE);
    at += 4 + stored + checksum;
  }
  throw new Error('the LZ4 frame has no end');
}
