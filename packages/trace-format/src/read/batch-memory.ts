import { P2mError } from '../errors.js';

/** Memory that batches are read into, one after the other. */
export class BatchMemory {
  private buffer = new ArrayBuffer(0);
  /** Of a compressed batch: the column that is being read, and where `raw` goes. */
  private stored = new ArrayBuffer(0);
  private raw = new ArrayBuffer(0);

  take(bytes: number): ArrayBuffer {
    if (this.buffer.byteLength < bytes) this.buffer = allocate(bytes);
    return this.buffer;
  }

  takeStored(bytes: number): Uint8Array {
    if (this.stored.byteLength < bytes) this.stored = allocate(bytes);
    return new Uint8Array(this.stored, 0, bytes);
  }

  takeRaw(bytes: number): ArrayBuffer {
    if (this.raw.byteLength < bytes) this.raw = allocate(bytes);
    return this.raw;
  }
}

function allocate(bytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes);
  } catch (cause) {
    throw new P2mError('P2M_TOO_LARGE', `a batch of ${bytes} bytes does not fit into memory`, {
      remedy: 'write the trace with smaller record batches',
      cause,
    });
  }
}
