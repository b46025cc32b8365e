import { finished } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { P2mError } from '@p2mtrace/trace-format/errors';

/** Compressed bytes that are given to zlib at a time: a thousand times as many come out at most, and are kept. */
const SLICE = 1 << 15;
/** Real captures shrink to a tenth; what shrinks to less than this is made to fill memory or disk, or empty. */
const MAX_RATIO = 200;
/** As much may come out of any gzip. */
const FREE_BYTES = 2 ** 25;
/** Most bytes that come out of a gzip, unless `--max-bytes` says otherwise. */
const MAX_BYTES = 2 ** 36;

/**
 * Decompresses a stream, piece by piece. If it was cut, everything before the cut is returned and `onCut` is called: a
 * pipeline of streams would drop what it still holds when the end turns out to be missing.
 * @throws P2mError P2M_GZIP if the contents are damaged, P2M_MAX_BYTES (limit) if they are too many
 */
export async function* gunzip(
  input: AsyncIterable<Uint8Array>,
  name: string,
  onCut: (compressedBytes: number) => void,
  maxBytes?: number,
): AsyncGenerator<Uint8Array> {
  const zlib = createGunzip({ chunkSize: 1 << 18 });
  const pieces: Uint8Array[] = [];
  let failure: NodeJS.ErrnoException | undefined;
  let bytes = 0;
  let out = 0;
  zlib.on('data', (piece: Uint8Array) => {
    out += piece.length;
    pieces.push(piece);
  });
  zlib.on('error', error => {
    failure = error;
  });
  const ended = finished(zlib).catch(() => undefined);
  try {
    for await (const piece of input) {
      for (let at = 0; at < piece.length && failure === undefined; at += SLICE) {
        const slice = piece.subarray(at, at + SLICE);
        bytes += slice.length;
        // After an error, the callback of the write is never called.
        await new Promise<void>(resolve => {
          zlib.once('error', resolve).write(slice, () => {
            zlib.off('error', resolve);
            resolve();
          });
        });
        checkSize(out, bytes, maxBytes, name);
        yield* pieces.splice(0);
      }
      if (failure !== undefined) break;
    }
    if (failure === undefined) zlib.end();
    await ended;
    yield* pieces.splice(0);
  } finally {
    zlib.destroy();
  }
  if (failure === undefined) return;
  if (failure.code === 'Z_BUF_ERROR') {
    onCut(bytes);
    return;
  }
  throw new P2mError('P2M_GZIP', `the compressed contents are damaged: ${failure.message}`, {
    place: { file: name },
    remedy: 'copy the file again; gzip -t checks it',
    cause: failure,
  });
}

function checkSize(out: number, compressed: number, maxBytes: number | undefined, name: string): void {
  const isBomb = maxBytes === undefined && out > FREE_BYTES && out > compressed * MAX_RATIO;
  const most = maxBytes === undefined ? MAX_BYTES : maxBytes;
  if (!isBomb && (most === 0 || out <= most)) return;
  const what = isBomb
    ? `the gzip grows to more than ${MAX_RATIO} times its size`
    : `the gzip has more than ${most.toLocaleString('en-US')} bytes of contents`;
  throw new P2mError('P2M_MAX_BYTES', what, {
    blame: 'limit',
    place: { file: name, byte: compressed },
    remedy: 'allow as many with --max-bytes, such as 100G, or 0 for any number; or decompress it first',
  });
}
