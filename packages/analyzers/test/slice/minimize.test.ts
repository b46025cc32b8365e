import fc from 'fast-check';
import { expect, test } from 'vitest';
import { minimize } from '../../src/slice/minimize.js';

test('what is needed is left, and nothing else', async () => {
  const cases = fc.record({
    count: fc.integer({ min: 1, max: 200 }),
    needed: fc.uniqueArray(fc.nat(199), { maxLength: 6 }),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ count, needed }) => {
      const items = Array.from({ length: count }, (_, i) => i);
      const wanted = needed.filter(item => item < count).sort((a, b) => a - b);
      let tries = 0;
      const left = await minimize(items, async some => {
        tries++;
        return wanted.every(item => some.includes(item));
      });
      expect(left).toEqual(wanted);
      // Some of each chunk size for each that is needed, not one for each item.
      expect(tries).toBeLessThanOrEqual(4 * (wanted.length + 1) * (Math.log2(count) + 2));
    }),
  );
});

test('any one of those that are left is needed, whatever depends on what', async () => {
  // Pairs that stand or fall together: an acquire without its release is as bad as no witness.
  const cases = fc.record({
    needed: fc.uniqueArray(fc.nat(29), { minLength: 1, maxLength: 4 }),
    pairs: fc.array(fc.tuple(fc.nat(29), fc.nat(29)), { maxLength: 10 }),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ needed, pairs }) => {
      const holds = async (some: readonly number[]) =>
        needed.every(item => some.includes(item)) && pairs.every(([a, b]) => some.includes(a) === some.includes(b));
      const left = await minimize(
        Array.from({ length: 30 }, (_, i) => i),
        holds,
      );
      expect(await holds(left)).toBe(true);
      for (const item of left) expect(await holds(left.filter(other => other !== item))).toBe(false);
    }),
  );
});

test('it ends early where it is told to, with something that holds', async () => {
  let tries = 0;
  const left = await minimize(
    Array.from({ length: 100 }, (_, i) => i),
    async some => {
      tries++;
      return some.includes(70);
    },
    () => tries >= 3,
  );
  expect(tries).toBe(3);
  expect(left).toContain(70);
  expect(left.length).toBeLessThan(100);
});
