import fc from 'fast-check';
import { expect, it } from 'vitest';
import { loadState, saveState } from '../../src/memory/state-image.js';
import { Remaps } from '../../src/tables/remaps.js';

const gfn = fc.nat({ max: 24 }).map(n => n * 300);
const step = fc.oneof(
  fc.record({ gfn, target: gfn }),
  fc.record({ gfn, target: fc.constant(undefined) }),
  fc.record({ first: gfn, count: fc.constantFrom(1, 512, 1 << 18) }),
);

const visited = (visit: (found: (...pair: number[]) => void) => void) => {
  const pairs: number[][] = [];
  visit((...pair) => pairs.push(pair));
  return pairs.sort(([a], [b]) => a - b);
};

it('is a map that can be asked from both sides, also once it was loaded', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, reload) => {
      let remaps = new Remaps();
      const model = new Map<number, number>();
      for (const one of steps) {
        if ('target' in one) {
          if (one.target === undefined) {
            remaps.remove(one.gfn);
            model.delete(one.gfn);
          } else {
            remaps.set(one.gfn, one.target);
            model.set(one.gfn, one.target);
          }
          continue;
        }
        const isIn = (at: number) => at >= one.first && at < one.first + one.count;
        const all = [...model].sort(([a], [b]) => a - b);
        expect(visited(found => remaps.forEachTo(one.first, one.count, found))).toEqual(
          all.filter(([, to]) => isIn(to)),
        );
        expect(visited(found => remaps.forEachOf(one.first, one.count, at => found(at)))).toEqual(
          all.filter(([at]) => isIn(at)).map(([at]) => [at]),
        );
        expect(visited(found => remaps.forEach(found))).toEqual(all);
        expect(remaps.size).toBe(model.size);
        expect(remaps.of(one.first)).toBe(model.get(one.first) ?? -1);
        if (!reload) continue;
        const loaded = new Remaps();
        loadState(loaded, saveState(remaps));
        remaps = loaded;
      }
    }),
  );
});
