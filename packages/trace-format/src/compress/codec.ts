/** Arrow's two codecs of bodies, LZ4_FRAME and ZSTD. */
export const COMPRESSIONS = ['lz4', 'zstd'] as const;
export type Compression = (typeof COMPRESSIONS)[number];

export interface Codec {
  /** The compressed bytes; they may lie in memory that the next call uses again. */
  compress(bytes: Uint8Array): Uint8Array;
  /**
   * Fills `into`, to its last byte, with what the bytes contain. Takes no more memory than a small multiple of its size,
   * whatever the bytes claim. @throws Error if they are damaged, or contain less or more
   */
  decompress(bytes: Uint8Array, into: Uint8Array): void;
}
