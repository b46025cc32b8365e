import { crc32 } from 'node:zlib';
import type { Codec, Compression } from '../compress/codec.js';
import { codecOf } from '../compress/codec-of.js';
import { compressBuffer } from '../compress/compressed-buffer.js';

/** Buffers of a compressed body start at a multiple of this, as Arrow asks for. */
const ALIGN = 8;
const ZEROS = new Uint8Array(ALIGN);
const paddingOf = (bytes: number): Uint8Array => ZEROS.subarray(0, (ALIGN - (bytes % ALIGN)) % ALIGN);

/** A column to be compressed. */
interface Column {
  /** False if no row has it: then all of its buffers are zeros. */
  readonly isUsed: boolean;
  /** Its bitmap, empty if the column always has a value, the offsets of `raw`, and the values. */
  readonly buffers: readonly Uint8Array[];
}

interface Made {
  /** The body, piece by piece. */
  readonly bytes: readonly Uint8Array[];
  readonly length: number;
  /** Where each buffer lies in the body. */
  readonly buffers: readonly { readonly offset: number; readonly bytes: number }[];
  /** CRC of each column: its buffers as they are stored, with their padding. */
  readonly crcs: readonly number[];
}

/** Makes bodies of compressed buffers, one behind the other. */
export class CompressedBody {
  private readonly codec: Codec;
  /** Buffers of zeros, by their length: most batches lack most columns. */
  private readonly zeros = new Map<number, Uint8Array>();

  /** @throws P2mError P2M_CODEC */
  constructor(compression: Compression) {
    this.codec = codecOf(compression);
  }

  make(columns: readonly Column[]): Made {
    const bytes: Uint8Array[] = [];
    const buffers: { offset: number; bytes: number }[] = [];
    let length = 0;
    const crcs = columns.map(({ isUsed, buffers: contents }) => {
      let crc = 0;
      for (const content of contents) {
        const stored = isUsed ? compressBuffer(content, this.codec) : this.compressedZeros(content.length);
        const padding = paddingOf(stored.length);
        buffers.push({ offset: length, bytes: stored.length });
        bytes.push(stored, padding);
        length += stored.length + padding.length;
        crc = crc32(padding, crc32(stored, crc));
      }
      return crc;
    });
    return { bytes, length, buffers, crcs };
  }

  private compressedZeros(length: number): Uint8Array {
    let stored = this.zeros.get(length);
    if (stored === undefined) {
      stored = compressBuffer(new Uint8Array(length), this.codec);
      if (this.zeros.size > 256) this.zeros.clear();
      this.zeros.set(length, stored);
    }
    return stored;
  }
}
