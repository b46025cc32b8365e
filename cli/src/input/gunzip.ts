import { finished } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { P2mError } from '@p2mtrace/trace-format/errors';

/**
 * Decompresses a stream, piece by piece. If it was cut, everything before the cut is returned and `onCut` is called: a
 * pipeline of streams would drop what it still holds when the end turns out to be missing.
 * @throws P2mError P2M_GZIP if the contents are damaged
 */
export async function* gunzip(
  input: AsyncIterable<Uint8Array>,
  name: string,
  onCut: (compressedBytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const zlib = createGunzip({ chunkSize: 1 << 18 });
  const pieces: Uint8Array[] = [];
  let failure: NodeJS.ErrnoException | undefined;
  let bytes = 0;
  zlib.on('data', (piece: Uint8Array) => pieces.push(piece));
  zlib.on('error', error => {
    failure = error;
  });
  const ended = finished(zlib).catch(() => undefined);
  try {
    for await (const piece of input) {
      bytes += piece.length;
      // After an error, the callback of the write is never called.
      await new Promise<void>(resolve => {
        zlib.once('error', resolve).write(piece, () => {
          zlib.off('error', resolve);
          resolve();
        });
      });
      yield* pieces.splice(0);
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
