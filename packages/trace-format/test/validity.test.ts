import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Kernel } from '../src/kernel/kernel.js';
import { countBits } from './support/count-bits.js';

/** Presence masks, mostly with few columns as events have them. */
const masks = fc.array(
  fc.oneof(
    fc.nat(0xffff_ffff),
    fc.constantFrom(0, 1, 0x8000_0000, 0xffff_ffff, 0x0180_0000),
    fc.nat(31).map(bit => (1 << bit) >>> 0),
  ),
  { maxLength: 70 },
);

/** Room in a kernel for so many masks, and for bitmaps that are so far apart. */
function room(rows: number, stride: number) {
  const kernel = new Kernel();
  const masks = kernel.take(rows * 4);
  return { kernel, masks: new Uint32Array(masks.buffer, masks.byteOffset, rows), bitmaps: kernel.take(32 * stride) };
}

test('bitmaps are the transposed masks', () => {
  fc.assert(
    fc.property(masks, fc.nat(3), fc.array(fc.nat(0xffff_ffff), { maxLength: 16 }), (rows, spare, behind) => {
      const bytes = Math.ceil(rows.length / 8);
      const stride = bytes + spare + 1;
      const { kernel, masks, bitmaps } = room(rows.length + behind.length, stride);
      masks.set([...rows, ...behind]);
      // Bitmaps are used again and again: what was there before must not show, and nothing else be touched.
      bitmaps.fill(0xa5);
      const any = kernel.functions.transpose(masks.byteOffset, rows.length, bitmaps.byteOffset, stride);
      expect(BigInt(any >>> 0)).toBe(rows.reduce((bits, mask) => bits | BigInt(mask), 0n));
      const naive = new Uint8Array(32 * stride).fill(0xa5);
      for (let column = 0; column < 32; column++) {
        // Sixteen rows are written at a time.
        naive.fill(0, column * stride, column * stride + Math.ceil(rows.length / 16) * 2);
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
  const { kernel, masks, bitmaps } = room(16, 2);
  masks.fill(1);
  expect(kernel.functions.transpose(masks.byteOffset, 9, bitmaps.byteOffset, 2)).toBe(1);
  expect([...bitmaps]).toEqual([0xff, 0x01, ...new Uint8Array(62)]);
});

test('rows are numbered as u64', () => {
  const kernel = new Kernel();
  const seq = kernel.take(4 * 8);
  const first = 2 ** 32 - 2;
  kernel.functions.fillSeq(seq.byteOffset, 3, first);
  expect([...new BigUint64Array(seq.buffer, seq.byteOffset, 4)]).toEqual([
    ...[0, 1, 2].map(i => BigInt(first + i)),
    0n,
  ]);
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
