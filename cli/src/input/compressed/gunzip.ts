import { createGunzip } from 'node:zlib';
import { damaged } from './compressions.js';
import type { Decompress } from './decompress.js';
import { SizeBudget } from './size-budget.js';
import { ZlibPump } from './zlib-pump.js';

/** Compressed bytes that are given to zlib at a time: a thousand times as many come out at most, and are kept. */
const SLICE = 1 << 15;

/**
 * Decompresses gzips, one behind the other, piece by piece.
 * @throws P2mError P2M_GZIP if the contents are damaged, P2M_MAX_BYTES (limit) if they are too many
 */
export const gunzip: Decompress = async function* (input, name, onCut, maxBytes) {
  const zlib = new ZlibPump(createGunzip({ chunkSize: 1 << 18 }));
  const budget = new SizeBudget('gzip', name, maxBytes);
  let bytes = 0;
  const taken = () => {
    const pieces = zlib.taken();
    budget.add(
      pieces.reduce((sum, { length }) => sum + length, 0),
      bytes,
    );
    return pieces;
  };
  try {
    for await (const piece of input) {
      for (let at = 0; at < piece.length && zlib.failure === undefined; at += SLICE) {
        const slice = piece.subarray(at, at + SLICE);
        bytes += slice.length;
        await zlib.write(slice);
        yield* taken();
      }
      if (zlib.failure !== undefined) break;
    }
    await zlib.end();
    yield* taken();
  } finally {
    zlib.close();
  }
  const { failure } = zlib;
  if (failure === undefined) return;
  if (failure.code !== 'Z_BUF_ERROR') throw damaged('gzip', failure.message, name, undefined, failure);
  onCut(bytes);
};
