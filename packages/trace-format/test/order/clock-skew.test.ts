import fc from 'fast-check';
import { expect, it } from 'vitest';
import { clockSkew } from '../../src/order/clock-skew.js';
import type { Holds } from '../../src/order/lock-holds.js';

type Hold = readonly [pcpu: number, from: number, to: number];

/** Holds of locks, as each pcpu's clock, so many ticks behind, has them. */
function seen(locks: readonly (readonly Hold[])[], behind: readonly number[]) {
  return new Map(
    locks.map((holds, lock) => {
      const byPcpu = new Map<number, Holds>();
      for (const [pcpu, from, to] of holds) {
        const own = byPcpu.get(pcpu) ?? { from: [], to: [] };
        byPcpu.set(pcpu, own);
        own.from.push(from - behind[pcpu]);
        own.to.push(to - behind[pcpu]);
      }
      return [lock, byPcpu] as const;
    }),
  );
}

/** Some lock is held by two pcpus at once, with so many ticks added to each one's clock. */
function overlaps(holds: ReturnType<typeof seen>, added: ReadonlyMap<number, number>): boolean {
  return [...holds.values()].some(byPcpu => {
    const all = [...byPcpu].flatMap(([pcpu, { from, to }]) =>
      from.map((start, i) => [pcpu, start + (added.get(pcpu) ?? 0), to[i] + (added.get(pcpu) ?? 0)] as const),
    );
    return all.some(([a, from, to]) => all.some(([b, other, end]) => a !== b && from < end && other < to));
  });
}

/** Turns of pcpus at locks: who, for how long, and how long after the one before. */
const turns = fc.array(
  fc.array(fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 50 }), fc.nat(20)), { minLength: 2, maxLength: 40 }),
  { minLength: 1, maxLength: 3 },
);

it('one pcpu that is 600 ticks behind', () => {
  const locks: Hold[][] = [
    [
      [0, 1000, 2000],
      [1, 2100, 2600],
      [0, 3000, 3500],
      [1, 3600, 3700],
    ],
  ];
  // The first hold of pcpu 1 must come 500 later to be behind 2000, and may come 1000 later to end at 3000.
  expect(clockSkew(seen(locks, [0, 600]))).toEqual({
    corrected: [{ pcpu: 1, ticks: 750, least: 500, most: 1000 }],
    contradictory: [],
  });
  expect(clockSkew(seen(locks, [0, 0]))).toEqual({ corrected: [], contradictory: [] });
});

it('clocks that drift contradict: no one number puts them right', () => {
  const locks: Hold[][] = [
    // Held all the time, longer each time: no shift of one pcpu fits.
    Array.from({ length: 200 }, (_, i): Hold => [i % 2, 10 * i + (i * (i - 1)) / 2, 10 * (i + 1) + (i * (i + 1)) / 2]),
    [
      [0, 0, 100],
      [1, 50, 150],
    ],
    [
      [0, 1950, 2000],
      [1, 1900, 1960],
    ],
  ];
  expect(clockSkew(seen(locks, [0, 0]))).toEqual({ corrected: [], contradictory: [[0, 1]] });
});

it('corrected clocks have no lock held twice at once, and right ones are left alone', () => {
  let corrected = 0;
  fc.assert(
    fc.property(
      turns,
      fc.tuple(fc.integer({ min: -60, max: 60 }), fc.integer({ min: -60, max: 60 })),
      (all, behind) => {
        const locks = all.map(list => {
          let now = 1000;
          return list.map(([pcpu, length, pause]): Hold => {
            const from = now + pause;
            now = from + length;
            return [pcpu, from, now];
          });
        });
        const holds = seen(locks, [0, ...behind]);
        const found = clockSkew(holds);
        if (!overlaps(holds, new Map())) expect(found).toEqual({ corrected: [], contradictory: [] });
        else if (found.contradictory.length === 0) {
          corrected++;
          expect(overlaps(holds, new Map(found.corrected.map(({ pcpu, ticks }) => [pcpu, ticks])))).toBe(false);
        }
      },
    ),
    { numRuns: 500 },
  );
  expect(corrected).toBeGreaterThan(50);
});
