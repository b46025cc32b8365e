import { type CompressionName, compressionOf } from './compressed/compressions.js';

export type InputFormat = 'xentrace' | 'ndjson' | 'csv' | 'std';
export type Content = InputFormat | CompressionName | 'empty';

/** Bytes that `detectContent` needs, if there are as many. */
export const HEAD_BYTES = 64;

/** The first line of a trace of threads: `T1|acq(L34)|120`. */
const STD = /^(?:\xef\xbb\xbf)?[\r\n]*[\w.$-]{1,40}\|[a-z]{1,6}\([\x21-\x7e]*(?:[|\r\n]|$)/;

/** Content type by the first bytes of an input: what is neither compressed nor looks like NDJSON or std is a capture. */
export function detectContent(head: Uint8Array): Content {
  if (head.length === 0) return 'empty';
  const compression = compressionOf(head);
  if (compression !== undefined) return compression;
  const text = Buffer.from(head).toString('latin1');
  if (STD.test(text)) return 'std';
  // A big-endian capture also begins with a blank byte, hence the look at what follows the blanks.
  return /^(?:\xef\xbb\xbf)?[ \t\r\n]*(?:$|[{#]|\/\/)/.test(text) ? 'ndjson' : 'xentrace';
}

/** The first bytes of a stream, and a stream that still has them. */
export async function peek(input: AsyncIterable<Uint8Array>): Promise<[Uint8Array, AsyncIterable<Uint8Array>]> {
  const iterator = input[Symbol.asyncIterator]();
  const seen: Uint8Array[] = [];
  let bytes = 0;
  while (bytes < HEAD_BYTES) {
    const next = await iterator.next();
    if (next.done === true) break;
    seen.push(next.value);
    bytes += next.value.length;
  }
  const rest = async function* () {
    try {
      yield* seen.splice(0);
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  };
  return [Buffer.concat(seen).subarray(0, HEAD_BYTES), rest()];
}
