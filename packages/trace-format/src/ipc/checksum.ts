import { crc32 } from 'node:zlib';

/**
 * Every message of a trace carries CRC-32s in its custom metadata under CRC_KEY: eight hex digits for the message's
 * own metadata (framing included, computed with these digits as 0), then eight for each region of its body.
 */
export const CRC_KEY = 'p2mtrace.crc32';
const BLANK = '00000000';
/** Marks the value, which must be found before the metadata around it may be trusted. */
const TAG = 'crc32:';

export const crcHex = (value: number): string => value.toString(16).padStart(8, '0');

/** The value under CRC_KEY before the first eight digits are known. */
export function crcPlaceholder(bodyCrcs: readonly number[]): string {
  return `${TAG}${[BLANK, ...bodyCrcs.map(crcHex)].join(' ')}`;
}

/** CRC of the framed metadata with its own digits blank, and where these digits stand; undefined without any. */
function metadataCrc(framed: Buffer, value: string): { crc: number; digits: number } | undefined {
  const start = framed.indexOf(`${value}\0`, 0, 'latin1');
  if (start < 0) return undefined;
  const digits = start + TAG.length;
  const before = framed.subarray(0, digits);
  const after = framed.subarray(digits + BLANK.length);
  return { crc: crc32(after, crc32(BLANK, crc32(before))), digits };
}

/** Writes the metadata's own CRC over its placeholder. */
export function stampCrc(framed: Uint8Array, placeholder: string): void {
  const bytes = Buffer.from(framed.buffer, framed.byteOffset, framed.byteLength);
  const found = metadataCrc(bytes, placeholder);
  if (found === undefined) throw new Error('no checksum placeholder in the message');
  bytes.write(crcHex(found.crc), found.digits, 'latin1');
}

export type CrcCheck = 'absent' | 'damaged' | { readonly body: readonly number[] };

/** Checks framed metadata before anything in it is trusted. */
export function checkCrc(framed: Uint8Array): CrcCheck {
  const bytes = Buffer.from(framed.buffer, framed.byteOffset, framed.byteLength);
  if (!bytes.includes(CRC_KEY, 0, 'latin1')) return 'absent';
  const match = /crc32:[0-9a-f]{8}(?: [0-9a-f]{8})*\0/.exec(bytes.toString('latin1'));
  if (match === null) return 'damaged';
  const value = match[0].slice(0, -1);
  const [own, ...body] = value.slice(TAG.length).split(' ');
  const found = metadataCrc(bytes, value);
  if (found === undefined || crcHex(found.crc) !== own) return 'damaged';
  return { body: body.map(digits => Number.parseInt(digits, 16)) };
}

/** CRC of `bytes` zero bytes, remembered: columns that no row has are never touched. */
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
