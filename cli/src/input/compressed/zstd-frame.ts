/** What the header of a Zstandard frame says (RFC 8878, 3.1.1.1). */
export interface FrameHeader {
  /** Bytes that reach back from any of the contents. */
  readonly windowBytes: bigint;
  /** Undefined if the frame does not tell. */
  readonly contentBytes: bigint | undefined;
  readonly hasChecksum: boolean;
  readonly dictionary: number;
}

/** Of a block, by its header of three bytes. */
export interface BlockHeader {
  readonly isLast: boolean;
  readonly type: number;
  /** Bytes behind the header. */
  readonly stored: number;
  /** Bytes of contents; for a compressed block only that of its bytes. */
  readonly size: number;
}

export const FRAME_MAGIC = 0xfd2f_b528;
export const BLOCK_HEADER_BYTES = 3;
/** A magic, the descriptor, and what it announces. */
const SHORTEST_HEADER = 5;
/** Types of blocks. */
export const RAW = 0;
export const RLE = 1;
export const RESERVED = 3;
const RESERVED_BIT = 0x08;

/** A frame to be passed over: its magic has any value in the last four bits. */
export const isSkippable = (magic: number): boolean => magic >>> 4 === 0x184_d2a5;

/** Bytes of a frame's header, magic included, by its fifth byte. */
export function frameHeaderBytes(descriptor: number): number {
  const isSingle = (descriptor >> 5) & 1;
  return SHORTEST_HEADER + (1 - isSingle) + dictionaryBytes(descriptor) + contentSizeBytes(descriptor);
}

const dictionaryBytes = (descriptor: number) => [0, 1, 2, 4][descriptor & 3];

function contentSizeBytes(descriptor: number): number {
  const code = descriptor >> 6;
  return code === 0 ? (descriptor >> 5) & 1 : 1 << code;
}

/** Undefined if a bit is set that has no meaning yet. */
export function frameHeader(bytes: Uint8Array): FrameHeader | undefined {
  const descriptor = bytes[4];
  if ((descriptor & RESERVED_BIT) !== 0) return undefined;
  const isSingle = (descriptor & 0x20) !== 0;
  const [dictAt, dictBytes] = [SHORTEST_HEADER + (isSingle ? 0 : 1), dictionaryBytes(descriptor)];
  const sizeBytes = contentSizeBytes(descriptor);
  const size = littleEndian(bytes, dictAt + dictBytes, sizeBytes);
  // Two bytes begin where one ends.
  const contentBytes = sizeBytes === 0 ? undefined : sizeBytes === 2 ? size + 256n : size;
  return {
    windowBytes: isSingle ? (contentBytes ?? 0n) : windowBytes(bytes[SHORTEST_HEADER]),
    contentBytes,
    hasChecksum: (descriptor & 0x04) !== 0,
    dictionary: Number(littleEndian(bytes, dictAt, dictBytes)),
  };
}

function windowBytes(descriptor: number): bigint {
  const base = 1n << BigInt(10 + (descriptor >> 3));
  return base + (base >> 3n) * BigInt(descriptor & 7);
}

export function blockHeader(bytes: Uint8Array): BlockHeader {
  const word = Number(littleEndian(bytes, 0, BLOCK_HEADER_BYTES));
  const [type, size] = [(word >> 1) & 3, word >> 3];
  return { isLast: (word & 1) !== 0, type, stored: type === RLE ? 1 : size, size };
}

function littleEndian(bytes: Uint8Array, at: number, count: number): bigint {
  let value = 0n;
  for (let i = count - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[at + i]);
  return value;
}
