import { createRequire } from 'node:module';
import type { Codec } from './codec.js';
import { codecError } from './codec-error.js';
import { lz4FrameBound } from './lz4-frame-bound.js';

/** The part of lz4-napi that is used. */
interface Lz4 {
  compressFrameSync(bytes: Uint8Array): Uint8Array;
  decompressFrameSync(bytes: Uint8Array): Uint8Array;
}

/** LZ4 frames, by native code. */
export function lz4Codec(): Codec {
  const lz4 = load();
  return {
    compress: bytes => lz4.compressFrameSync(asBuffer(bytes)),
    decompress(bytes, into) {
      // The library takes what the frame asks for.
      if (lz4FrameBound(bytes) > 2 * into.length + SPARE) throw new Error('the LZ4 frame is larger than its column');
      const found = lz4.decompressFrameSync(asBuffer(bytes));
      if (found.length !== into.length) throw new Error(`the LZ4 frame has ${found.length} bytes`);
      into.set(found);
    },
  };
}

/** A last block may be smaller than the frame lets it be: the largest size of one. */
const SPARE = 4 << 20;

function load(): Lz4 {
  try {
    return createRequire(import.meta.url)('lz4-napi') as Lz4;
  } catch (cause) {
    throw codecError('LZ4', 'zstd', cause);
  }
}

const asBuffer = ({ buffer, byteOffset, byteLength }: Uint8Array) => Buffer.from(buffer, byteOffset, byteLength);
