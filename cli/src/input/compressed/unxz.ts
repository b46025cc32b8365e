import { ReadableStream } from 'node:stream/web';
import { setImmediate } from 'node:timers/promises';
import xz from 'xz-decompress';
import { isP2mError } from '../../exit.js';
import { ByteSource } from './byte-source.js';
import { damaged, unsupported } from './compressions.js';
import type { Decompress } from './decompress.js';
import { SizeBudget } from './size-budget.js';
import { XzUnsupported, xzStream } from './xz-stream.js';

const MAGIC = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]);

/** Pieces of contents (64 KiB) after which signals and timers get their turn. */
const TURN_PIECES = 16;

/** How a walk through a stream ended. */
interface Walk {
  isCut: boolean;
  error: unknown;
}

/**
 * Decompresses xz streams, one behind the other, with the padding between them.
 * @throws P2mError P2M_XZ if the contents are damaged, or need a filter, check or dictionary that the decoder does not
 * have; P2M_MAX_BYTES (limit)
 */
export const unxz: Decompress = async function* (input, name, onCut, maxBytes) {
  const source = new ByteSource(input);
  const budget = new SizeBudget('xz', name, maxBytes);
  try {
    for (let isFirst = true; ; isFirst = false) {
      const head = isFirst ? await source.peek(MAGIC.length) : await nextHead(source);
      if (head === 'cut') {
        onCut(source.position);
        return;
      }
      if (head === 'odd') {
        throw damaged('xz', 'the padding behind a stream is no multiple of four', name, source.position);
      }
      if (head.length === 0 && !isFirst) return;
      if (!MAGIC.subarray(0, head.length).equals(head)) {
        throw damaged('xz', 'no stream begins here', name, source.position);
      }
      const walk: Walk = { isCut: false, error: undefined };
      yield* decoded(source, walk, name, budget);
      if (walk.isCut) {
        onCut(source.position);
        return;
      }
    }
  } catch (error) {
    // A generator that is left must not hold the file open.
    await source.close();
    throw error;
  }
};

/** The contents of one stream. */
async function* decoded(source: ByteSource, walk: Walk, name: string, budget: SizeBudget): AsyncGenerator<Uint8Array> {
  const contents = new xz.XzReadableStream(ReadableStream.from(walked(source, walk)) as never);
  let pieces = 0;
  try {
    for await (const piece of contents as unknown as AsyncIterable<Uint8Array>) {
      budget.add(piece.length, source.position);
      if (piece.length > 0) yield piece;
      if (++pieces % TURN_PIECES === 0) await setImmediate();
    }
  } catch (error) {
    if (isP2mError(error)) throw error;
    if (walk.error instanceof XzUnsupported) throw unsupported('xz', walk.error.message, name);
    if (isP2mError(walk.error)) throw walk.error;
    // At a cut it asks for more, and fails.
    if (walk.isCut) return;
    const why = walk.error instanceof Error ? walk.error.message : 'what is decoded does not fit';
    throw damaged('xz', why, name, source.position, error);
  }
}

/** The bytes of one stream; notes how its walk ended. */
async function* walked(source: ByteSource, walk: Walk): AsyncGenerator<Uint8Array> {
  try {
    walk.isCut = !(yield* xzStream(source));
  } catch (error) {
    walk.error = error;
    throw error;
  }
}

/** Passes padding over; 'odd' if it is not as long as it must be, 'cut' if the input ends with such. */
async function nextHead(source: ByteSource): Promise<Uint8Array | 'odd' | 'cut'> {
  let zeros = 0;
  for (let [byte] = await source.peek(1); byte === 0; [byte] = await source.peek(1)) {
    await source.take(1);
    zeros++;
  }
  const head = await source.peek(MAGIC.length);
  if (zeros % 4 === 0) return head;
  return head.length === 0 ? 'cut' : 'odd';
}
