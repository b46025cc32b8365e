import type { Transform } from 'node:stream';
import { finished } from 'node:stream/promises';

/** A decompressor of Node that is fed by hand: a pipeline of streams would drop what it holds when the end is missing. */
export class ZlibPump {
  /** What went wrong; nothing may be written then. */
  failure: NodeJS.ErrnoException | undefined;
  private readonly zlib: Transform;
  private readonly pieces: Uint8Array[] = [];
  private readonly ended: Promise<unknown>;

  constructor(zlib: Transform) {
    this.zlib = zlib;
    zlib.on('data', (piece: Uint8Array) => this.pieces.push(piece));
    zlib.on('error', error => {
      this.failure = error;
    });
    this.ended = finished(zlib).catch(() => undefined);
  }

  /** Writes; what comes of it is `taken`, if not at once then later. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.failure !== undefined) return;
    // After an error, the callback of the write is never called.
    await new Promise<void>(resolve => {
      this.zlib.once('error', resolve).write(bytes, () => {
        this.zlib.off('error', resolve);
        resolve();
      });
    });
  }

  async end(): Promise<void> {
    if (this.failure === undefined) this.zlib.end();
    await this.ended;
  }

  taken(): Uint8Array[] {
    return this.pieces.splice(0);
  }

  close(): void {
    this.zlib.destroy();
  }
}
