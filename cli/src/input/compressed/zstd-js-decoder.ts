import { Decompress } from 'fzstd';
import xxhash, { type XXHashAPI } from 'xxhash-wasm';
import type { ZstdDecoder } from './zstd-decoder.js';

/** fzstd looks at a frame once it has as many bytes, and not at fewer behind one. */
const LOOKAHEAD = 18;
let hashes: Promise<XXHashAPI> | undefined;

/** fzstd, which takes a checksum for granted: it is compared here. */
export async function jsDecoder(): Promise<ZstdDecoder> {
  hashes ??= xxhash();
  const hash = (await hashes).create64();
  const pieces: Uint8Array[] = [];
  const decoder = new Decompress(piece => pieces.push(piece));
  const part = (bytes: Uint8Array) => {
    decoder.push(bytes);
    // It gives out an empty piece for an empty block.
    const made = pieces.splice(0).filter(({ length }) => length > 0);
    for (const piece of made) hash.update(piece);
    return made;
  };
  return {
    part: async bytes => part(bytes),
    async end(checksum) {
      const made = part(Buffer.concat([checksum, Buffer.alloc(LOOKAHEAD - 1)]));
      const expected = checksum.length === 0 ? undefined : Buffer.from(checksum).readUInt32LE();
      if (expected !== undefined && BigInt.asUintN(32, hash.digest()) !== BigInt(expected)) {
        throw new Error('the checksum of a frame is wrong');
      }
      return made;
    },
    close() {},
  };
}
