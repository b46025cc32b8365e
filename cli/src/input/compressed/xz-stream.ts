import { crc32 } from 'node:zlib';
import type { ByteSource } from './byte-source.js';

/** Sizes of an xz stream's check of a block, by its type (The .xz File Format, 2.1.1.2). */
const CHECK_BYTES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];
/** Types of checks that the decoder knows: none, CRC32, CRC64. */
const KNOWN_CHECKS = [0, 1, 4];
const HEADER_BYTES = 12;
const FOOTER_BYTES = 12;
/** The filter, in a header of a block. */
const LZMA2 = 0x21n;
/** Largest dictionary that the decoder makes; `xz -9` has it. */
const MAX_DICTIONARY = 2 ** 26;

/** Of a stream that cannot be read on. */
class XzDamage extends Error {}
/** Of a stream that needs what is not there. */
export class XzUnsupported extends Error {}

/**
 * Yields the bytes of one xz stream, from its header to its footer, and takes no byte behind it. Its parts are walked
 * here, down to the chunks of LZMA2, as the decoder tells neither a cut nor what lies behind the first stream. Returns
 * false if the input ends within it.
 * @throws XzDamage XzUnsupported
 */
export async function* xzStream(source: ByteSource): AsyncGenerator<Uint8Array, boolean> {
  const header = await source.peek(HEADER_BYTES);
  if (header.length < HEADER_BYTES) return (yield* part(source, HEADER_BYTES)) !== undefined;
  if (header[6] !== 0 || header[7] > 15 || !hasCrc(header.subarray(6, 12))) {
    throw new XzDamage('the header of a stream is wrong');
  }
  const check = header[7];
  if (!KNOWN_CHECKS.includes(check)) {
    throw new XzUnsupported(`the xz file has checks of type ${check}${check === 10 ? ' (SHA-256)' : ''}`);
  }
  yield* part(source, HEADER_BYTES);
  for (;;) {
    const [size] = await source.peek(1);
    if (size === undefined) return false;
    if (size === 0) return yield* indexAndFooter(source);
    if (!(yield* block(source, (size + 1) * 4, CHECK_BYTES[check]))) return false;
  }
}

async function* block(
  source: ByteSource,
  headerBytes: number,
  checkBytes: number,
): AsyncGenerator<Uint8Array, boolean> {
  const header = await source.peek(headerBytes);
  // Before the decoder sees it, which only says that it has failed.
  if (header.length === headerBytes) checkBlockHeader(header);
  if ((yield* part(source, headerBytes)) === undefined) return false;
  const start = source.position;
  for (let isLast = false; !isLast; ) {
    const [control] = await source.peek(1);
    if (control === undefined) return false;
    isLast = control === 0;
    const sizes = await source.peek(isLast ? 1 : 6);
    const bytes = chunkBytes(sizes);
    if (bytes === undefined) {
      yield await source.take(6);
      return false;
    }
    if ((yield* part(source, bytes)) === undefined) return false;
  }
  const padding = -(source.position - start) & 3;
  return (yield* part(source, padding + checkBytes)) !== undefined;
}

/** Bytes of a chunk of LZMA2, with its header; undefined if that is not there in full. */
function chunkBytes(head: Uint8Array): number | undefined {
  const control = head[0];
  if (control === 0) return 1;
  if (control > 2 && control < 0x80) throw new XzDamage('a chunk has no type');
  if (control <= 2) return head.length < 3 ? undefined : 3 + ((head[1] << 8) | head[2]) + 1;
  const headerBytes = control >= 0xc0 ? 6 : 5;
  return head.length < headerBytes ? undefined : headerBytes + ((head[3] << 8) | head[4]) + 1;
}

function checkBlockHeader(header: Uint8Array): void {
  if (!hasCrc(header)) throw new XzDamage('the header of a block is wrong');
  const flags = header[1];
  if ((flags & 0x3c) !== 0)
    throw new XzUnsupported('a block of the xz file has what no version of xz that is known writes');
  const numbers = new Numbers(header, 2);
  for (const bit of [0x40, 0x80]) if ((flags & bit) !== 0) numbers.next();
  if ((flags & 3) !== 0 || numbers.next() !== LZMA2) {
    throw new XzUnsupported('the xz file has another filter than LZMA2');
  }
  numbers.next();
  // 0 is 4 KiB, and from then on one and a half times and twice as much in turn.
  const size = numbers.byte();
  const dictionary = size > 40 ? Infinity : (2 | (size & 1)) * 2 ** ((size >> 1) + 11);
  if (dictionary > MAX_DICTIONARY) throw new XzUnsupported('the xz file needs a dictionary of more than 64 MiB');
}

async function* indexAndFooter(source: ByteSource): AsyncGenerator<Uint8Array, boolean> {
  const start = source.position;
  yield await source.take(1);
  const records = yield* number(source);
  for (let left = records === undefined ? 0n : 2n * records; left > 0n; left--) {
    if ((yield* number(source)) === undefined) return false;
  }
  if (records === undefined) return false;
  const padding = -(source.position - start) & 3;
  if ((yield* part(source, padding + 4)) === undefined) return false;
  const footer = yield* part(source, FOOTER_BYTES);
  if (footer === undefined) return false;
  if (footer[10] !== 0x59 || footer[11] !== 0x5a) throw new XzDamage('a stream has no end');
  return true;
}

/** A number of one to nine bytes, lowest bits first. */
async function* number(source: ByteSource): AsyncGenerator<Uint8Array, bigint | undefined> {
  const head = await source.peek(9);
  const length = head.findIndex(byte => byte < 0x80) + 1;
  if (length === 0 && head.length === 9) throw new XzDamage('a number of the index has no end');
  const bytes = yield* part(source, length === 0 ? 9 : length);
  return bytes === undefined ? undefined : new Numbers(bytes, 0).next();
}

/** Yields bytes, what there is of them; returns them, or undefined if the input ends before. */
async function* part(source: ByteSource, count: number): AsyncGenerator<Uint8Array, Uint8Array | undefined> {
  const bytes = await source.take(count);
  if (bytes.length > 0) yield bytes;
  return bytes.length < count ? undefined : bytes;
}

/** True if the last four bytes are the CRC of those before. */
function hasCrc(bytes: Uint8Array): boolean {
  const end = bytes.length - 4;
  return Buffer.from(bytes).readUInt32LE(end) === crc32(bytes.subarray(0, end));
}

/** The numbers in a header. */
class Numbers {
  private readonly bytes: Uint8Array;
  private at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  byte(): number {
    return this.bytes[this.at++] ?? 0;
  }

  next(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 63n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new XzDamage('a number has no end');
  }
}
