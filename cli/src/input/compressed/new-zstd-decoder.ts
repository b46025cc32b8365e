import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { ZlibPump } from './zlib-pump.js';
import type { ZstdDecoder } from './zstd-decoder.js';

/** Types of Node 20 do not have it; Node 22.15 and later do. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: (options: { chunkSize: number }) => Transform };

/** That of Node, where there is one, or else one in JavaScript. */
export async function newZstdDecoder(): Promise<ZstdDecoder> {
  if (createZstdDecompress === undefined) return (await import('./zstd-js-decoder.js')).jsDecoder();
  return new NativeDecoder(createZstdDecompress({ chunkSize: 1 << 17 }));
}

/** libzstd, which compares the checksum itself. */
class NativeDecoder implements ZstdDecoder {
  private readonly pump: ZlibPump;

  constructor(stream: Transform) {
    this.pump = new ZlibPump(stream);
  }

  async part(bytes: Uint8Array): Promise<Uint8Array[]> {
    await this.pump.write(bytes);
    if (this.pump.failure !== undefined) throw this.pump.failure;
    return this.pump.taken();
  }

  async end(checksum: Uint8Array): Promise<Uint8Array[]> {
    if (checksum.length > 0) await this.pump.write(checksum);
    await this.pump.end();
    if (this.pump.failure !== undefined) throw this.pump.failure;
    return this.pump.taken();
  }

  close(): void {
    this.pump.close();
  }
}
