import { crc32 } from 'node:zlib';

/**
 * Every message of a trace carries CRC-32s in its custom metadata under CRC_KEY: eight hex digits for the message's
 * own metadata (framing included, computed with these digits as 0), then eight for each region of its body.
 */
export const CRC_KEY = 'p2mtrace.crc32';
const BLANK = '00000000';
/** Marks the value, which has to be found before the metadata around it can be trusted. */
const TAG = 'crc32:';

const crcHex = (value: number): string => value.toString(16).padStart(8, '0');

/** The value under CRC_KEY while the checksums of the metadata and of its regions are still unknown. */
export function blankCrcs(regions: number): string {
  return TAG + Array.from({ length: 1 + regions }, () => BLANK).join(' ');
}

/** Where the digits of the blank CRCs start in a message whose body has this many regions. */
export function placeOfCrcs(framed: Uint8Array, regions: number): number {
  const bytes = Buffer.from(framed.buffer, framed.byteOffset, framed.byteLength);
  const start = bytes.indexOf(`${blankCrcs(regions)}\0`, 0, 'latin1');
  if (start < 0) throw new Error('no place for checksums in the message');
  return start + TAG.length;
}

/** Fills in the blank CRCs: first those of the body's regions, then the metadata's own. */
export function stampCrcs(
  framed: Uint8Array,
  bodyCrcs: readonly number[],
  place = placeOfCrcs(framed, bodyCrcs.length),
): void {
  bodyCrcs.forEach((crc, i) => {
    putHex(framed, place + (i + 1) * (BLANK.length + 1), crc);
  });
  putHex(framed, place, crc32(framed));
}

/** Writes eight hex digits. */
function putHex(bytes: Uint8Array, at: number, value: number): void {
  for (let i = 0; i < 8; i++) {
    const digit = (value >>> (28 - 4 * i)) & 15;
    bytes[at + i] = digit + (digit < 10 ? 0x30 : 0x57);
  }
}

export type CrcCheck = 'absent' | 'damaged' | { readonly body: readonly number[] };

/** Checks framed metadata before anything in it is trusted. */
export function checkCrc(framed: Uint8Array): CrcCheck {
  const bytes = Buffer.from(framed.buffer, framed.byteOffset, framed.byteLength);
  if (!bytes.includes(CRC_KEY, 0, 'latin1')) return 'absent';
  const match = /crc32:[0-9a-f]{8}(?: [0-9a-f]{8})*\0/.exec(bytes.toString('latin1'));
  if (match === null) return 'damaged';
  const [own, ...body] = match[0].slice(TAG.length, -1).split(' ');
  const digits = match.index + TAG.length;
  const crc = crc32(bytes.subarray(digits + BLANK.length), crc32(BLANK, crc32(bytes.subarray(0, digits))));
  if (crcHex(crc) !== own) return 'damaged';
  return { body: body.map(digits => Number.parseInt(digits, 16)) };
}

/** CRC of `bytes` zero bytes, cached: columns that no row has are never touched. */
export function zeroCrc(bytes: number): number {
  let crc = zeroCrcs.get(bytes);
  if (crc === undefined) {
    crc = crc32(new Uint8Array(bytes));
    if (zeroCrcs.size > 256) zeroCrcs.clear();
    zeroCrcs.set(bytes, crc);
  }
  return crc;
}
const zeroCrcs = new Map<number, number>();
