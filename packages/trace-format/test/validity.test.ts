import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countBits, transposePresence } from '../src/validity.js';

/** Presence masks, mostly with few columns as events have them. */
const masks = fc.array(
  fc.oneof(
    fc.nat(0xffff_ffff),
    fc.constantFrom(0, 1, 0x8000_0000, 0xffff_ffff, 0x0180_0000),
    fc.nat(31).map(bit => (1 << bit) >>> 0),
  ),
  { maxLength: 70 },
);

test('bitmaps are the transposed masks', () => {
  fc.assert(
    fc.property(masks, fc.constantFrom(8, 16, 24, 32), fc.nat(3), (rows, columns, spare) => {
      const bytes = Math.ceil(rows.length / 8);
      const stride = bytes + spare + 1;
      // Bitmaps are used again and again: what was there before must not show, and nothing else be touched.
      const bitmaps = new Uint8Array(columns * stride).fill(0xa5);
      const any = transposePresence(Uint32Array.from(rows), rows.length, bitmaps, stride);
      expect(BigInt(any)).toBe(rows.reduce((bits, mask) => bits | BigInt(mask), 0n));
      const naive = new Uint8Array(columns * stride).fill(0xa5);
      for (let column = 0; column < columns; column++) {
        naive.fill(0, column * stride, column * stride + bytes);
        rows.forEach((mask, row) => {
          const bit = Math.floor(mask / 2 ** column) % 2;
          naive[column * stride + Math.floor(row / 8)] += bit * 2 ** (row % 8);
        });
      }
      expect(bitmaps).toEqual(naive);
    }),
    { numRuns: 300 },
  );
});

test('rows behind the last one do not count', () => {
  const bitmaps = new Uint8Array(16);
  transposePresence(
    Uint32Array.from({ length: 16 }, () => 1),
    9,
    bitmaps,
    2,
  );
  expect(bitmaps).toEqual(Uint8Array.of(0xff, 0x01, ...new Uint8Array(14)));
});

test('bits are counted as if one by one', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(7), (bytes, fewer) => {
      const rows = Math.max(0, bytes.length * 8 - fewer);
      const bits = [...bytes].flatMap(byte => byte.toString(2).padStart(8, '0').split('').reverse());
      expect(countBits(bytes, rows)).toBe(bits.slice(0, rows).filter(bit => bit === '1').length);
    }),
  );
});
