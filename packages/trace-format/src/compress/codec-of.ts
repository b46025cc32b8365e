import type { Codec, Compression } from './codec.js';
import { lz4Codec } from './lz4-codec.js';
import { zstdCodec } from './zstd-codec.js';

const codecs: Partial<Record<Compression, Codec>> = {};

/** A codec, loaded on first use. @throws P2mError P2M_CODEC */
export function codecOf(name: Compression): Codec {
  codecs[name] ??= name === 'lz4' ? lz4Codec() : zstdCodec();
  return codecs[name];
}
