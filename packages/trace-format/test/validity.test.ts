import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countBits, presentAnywhere, transposePresence } from '../src/validity.js';

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
    fc.property(masks, fc.integer({ min: 1, max: 32 }), (rows, columns) => {
      const bytes = Math.ceil(rows.length / 8);
      // Bitmaps are used again and again: what was there before must not show.
      const bitmaps = Array.from({ length: columns }, () => new Uint8Array(bytes + 1).fill(0xa5));
      transposePresence(Uint32Array.from(rows), rows.length, bitmaps);
      for (let column = 0; column < columns; column++) {
        const naive = new Uint8Array(bytes + 1).fill(0xa5);
        naive.fill(0, 0, bytes);
        rows.forEach((mask, row) => {
          if (Math.floor(mask / 2 ** column) % 2 === 1) naive[Math.floor(row / 8)] += 2 ** (row % 8);
        });
        expect(bitmaps[column]).toEqual(naive);
      }
    }),
    { numRuns: 300 },
  );
});

test('rows behind the last one do not count', () => {
  const bitmaps = [new Uint8Array(2)];
  transposePresence(
    Uint32Array.from({ length: 16 }, () => 1),
    9,
    bitmaps,
  );
  expect(bitmaps[0]).toEqual(Uint8Array.of(0xff, 0x01));
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

test('columns that any row has', () => {
  fc.assert(
    fc.property(masks, rows => {
      const any = rows.reduce((bits, mask) => bits | BigInt(mask), 0n);
      expect(presentAnywhere(Uint32Array.from(rows), rows.length)).toBe(Number(any));
    }),
  );
});
