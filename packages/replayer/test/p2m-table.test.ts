import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NO_ACCESS, NO_MFN, P2mTable } from '../src/tables/p2m-table.js';

/** The obvious model: every 4K gfn by itself. */
type Naive = Map<number, { mfn: number; type: number }>;

const write = fc.record({
  // Three 2M ranges at the start of one 1G range, and one in another.
  gfn: fc.oneof(fc.integer({ min: 0, max: 1600 }), fc.integer({ min: 2 ** 18, max: 2 ** 18 + 600 })),
  mfn: fc.option(fc.integer({ min: 0, max: 2 ** 40 }), { nil: NO_MFN }),
  order: fc.constantFrom(0, 0, 0, 9, 9, 18),
  type: fc.integer({ min: 0, max: 15 }),
});

function apply(
  table: P2mTable,
  naive: Naive,
  { gfn, mfn, order, type }: { gfn: number; mfn: number; order: number; type: number },
) {
  const first = gfn - (gfn % 2 ** order);
  table.setLeaf(first, mfn, order, type, NO_ACCESS, 1, 0);
  // A 1G leaf is followed only where the test looks.
  for (let at = first; at < first + 2 ** order && at < 2 ** 18 + 1200; at++) {
    naive.set(at, { mfn: mfn === NO_MFN ? NO_MFN : mfn + (at - first), type });
  }
}

test('lookups agree with one entry a frame, whatever superpages are set and split', () => {
  fc.assert(
    fc.property(fc.array(write, { maxLength: 40 }), writes => {
      const table = new P2mTable(1, 0);
      const naive: Naive = new Map();
      for (const one of writes) apply(table, naive, one);
      for (const gfn of [...Array(1700).keys(), ...Array.from({ length: 700 }, (_, i) => 2 ** 18 + i)]) {
        const expected = naive.get(gfn);
        const found = table.lookup(gfn);
        if (expected === undefined) {
          expect(found).toBeUndefined();
        } else {
          expect(found?.type).toBe(expected.type);
          expect(found?.mfn).toBe(expected.mfn === NO_MFN ? Number.NaN : expected.mfn);
        }
      }
    }),
    { numRuns: 40 },
  );
});

test('a 4K write splits a 2M leaf, and a 2M write drops what lies below', () => {
  const table = new P2mTable(1, 0);
  table.setLeaf(512, 0x1000, 9, 0, NO_ACCESS, 1, 0);
  table.setLeaf(515, NO_MFN, 0, 1, NO_ACCESS, 2, 0);
  expect(table.lookup(512)).toMatchObject({ gfn: 512, mfn: 0x1000, order: 0, setSeq: 1 });
  expect(table.lookup(515)).toMatchObject({ order: 0, type: 1, mfn: Number.NaN, setSeq: 2 });
  expect(table.lookup(1023)).toMatchObject({ mfn: 0x11ff, order: 0 });
  table.setLeaf(512, 0x2000, 9, 0, NO_ACCESS, 3, 0);
  expect(table.lookup(515)).toMatchObject({ gfn: 512, mfn: 0x2003, order: 9, setSeq: 3 });
});

test('what was never seen is unknown, which is not invalid', () => {
  const table = new P2mTable(1, 0);
  table.setLeaf(7, NO_MFN, 0, 1, NO_ACCESS, 1, 0);
  expect(table.lookup(7)).toBeDefined();
  expect(table.lookup(8)).toBeUndefined();
  expect(table.lookup(2 ** 45)).toBeUndefined();
});

test('overlaps are visited once each, also across unknown ranges', () => {
  const table = new P2mTable(1, 0);
  table.setLeaf(0, 0x1000, 9, 0, NO_ACCESS, 1, 0);
  table.setLeaf(1024, 5, 0, 0, NO_ACCESS, 1, 0);
  const seen: number[] = [];
  table.forEachOverlap(0, 18, gfn => seen.push(gfn));
  expect(seen).toEqual([0, 1024]);
});
