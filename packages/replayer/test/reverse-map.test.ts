import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadState, saveState } from '../src/memory/state-image.js';
import { ReverseMap } from '../src/tables/reverse-map.js';

const change = fc.record({
  add: fc.boolean(),
  mfn: fc.integer({ min: 0, max: 3 }),
  order: fc.constantFrom(0, 9),
  p2m: fc.integer({ min: 0, max: 2 }),
  gfn: fc.integer({ min: 0, max: 4 }),
});

test('every mapping of a frame is found, however many alias it', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), changes => {
      const map = new ReverseMap();
      const naive: { base: number; order: number; p2m: number; gfn: number }[] = [];
      for (const { add, mfn, order, p2m, gfn } of changes) {
        const base = mfn * 2 ** order;
        const same = naive.findIndex(m => m.base === base && m.order === order && m.p2m === p2m && m.gfn === gfn);
        if (add) {
          // A gfn of a p2m maps a frame once.
          if (same >= 0) continue;
          map.add(base, order, p2m, gfn);
          naive.push({ base, order, p2m, gfn });
        } else {
          map.remove(base, order, p2m, gfn);
          if (same >= 0) naive.splice(same, 1);
        }
      }
      for (const mfn of [0, 1, 2, 3, 511, 512, 1030]) {
        const expected = naive
          .filter(m => m.base <= mfn && mfn < m.base + 2 ** m.order)
          .map(m => ({ p2m: m.p2m, gfn: m.gfn + (mfn - m.base) }));
        const sort = (list: { p2m: number; gfn: number }[]) => list.map(m => `${m.p2m}:${m.gfn}`).sort();
        expect(sort(map.mappings(mfn))).toEqual(sort(expected));
        expect(map.isMapped(mfn)).toBe(expected.length > 0);
      }
    }),
    { numRuns: 500 },
  );
});

test('a frame that very many gfns map is as right as one with a few', () => {
  const map = new ReverseMap();
  const left = new Set<string>();
  /** Numbers in no order, the same each time. */
  const at = (n: number) => (n * 40_503) % 70_001;
  for (let n = 0; n < 70_001; n++) {
    map.add(5, 0, at(n) % 3, 2 ** 40 * (n % 2) + at(n));
    left.add(`${at(n) % 3}:${2 ** 40 * (n % 2) + at(n)}`);
  }
  for (const until of [70_000, 65_536, 65_535, 100, 20, 0]) {
    for (const name of [...left].slice(until)) {
      const [p2m, gfn] = name.split(':').map(Number);
      map.remove(5, 0, p2m, gfn);
      map.remove(5, 0, p2m, gfn);
      left.delete(name);
    }
    expect(map.isMapped(5)).toBe(until > 0);
    expect(new Set(map.mappings(5).map(({ p2m, gfn }) => `${p2m}:${gfn}`))).toEqual(left);
    expect(map.mappings(5)).toHaveLength(until);
    expect(map.someMappings(5)).toEqual(map.mappings(5).slice(0, 1024));
  }
});

test('a map that was saved and loaded goes on as it would have, around the number from which mappings have an index', () => {
  const gfn = fc.nat({ max: 60 });
  const steps = fc.array(fc.record({ gfn, add: fc.boolean() }), { minLength: 20, maxLength: 200 });
  fc.assert(
    fc.property(steps, fc.nat({ max: 200 }), fc.integer({ min: 20, max: 40 }), (changes, at, first) => {
      const map = new ReverseMap();
      let other = new ReverseMap();
      const there = new Set<number>();
      const change = (to: ReverseMap, add: boolean, one: number) => {
        if (add) to.add(5, 0, 0, one);
        else to.remove(5, 0, 0, one);
      };
      const all = [...Array(first).keys()].map(one => ({ gfn: one, add: true })).concat(changes);
      for (const [n, { gfn: one, add }] of all.entries()) {
        if (add === there.has(one)) continue;
        if (add) there.add(one);
        else there.delete(one);
        for (const to of [map, other]) change(to, add, one);
        if (n === at) {
          const loaded = new ReverseMap();
          loadState(loaded, saveState(other));
          other = loaded;
        }
        expect(other.mappings(5)).toEqual(map.mappings(5));
      }
      expect(new Set(map.mappings(5).map(mapping => mapping.gfn))).toEqual(there);
    }),
    { numRuns: 300 },
  );
});
