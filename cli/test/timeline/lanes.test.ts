import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Lanes } from '../../src/timeline/lanes.js';

const slices = fc
  .array(fc.tuple(fc.nat(20), fc.option(fc.nat(10), { nil: Number.POSITIVE_INFINITY })), { maxLength: 12 })
  .map(all => all.map(([start, length]) => ({ start, end: start + length })));

/** As TrackEvents are read: an end ends what was begun last. */
function replayed(all: readonly { start: number; end: number }[]) {
  const lanes = new Lanes<{ open: { start: number; end: number }[]; told: { start: number; end: number }[] }>(() => ({
    open: [],
    told: [],
  }));
  const seen = new Set<{ open: { start: number; end: number }[]; told: { start: number; end: number }[] }>();
  for (const slice of all) {
    const { lane, ended } = lanes.place(slice.start, slice.end, []);
    seen.add(lane);
    for (const { end } of ended) lane.told.push({ start: lane.open.pop()!.start, end });
    lane.open.push(slice);
  }
  for (const { lane, ended } of lanes.rest()) {
    // What never ends is around the others, so it is at the bottom.
    for (const { end } of ended) lane.told.push({ start: lane.open.pop()!.start, end });
  }
  const told = [...seen].flatMap(({ told, open }) => [...told, ...open]);
  return { told, lanes: seen.size };
}

const text = (all: readonly { start: number; end: number }[]) => all.map(({ start, end }) => `${start}-${end}`).sort();

it('gives each slice its own end, whatever overlaps', () => {
  fc.assert(
    fc.property(slices, all => {
      const inOrder = all.toSorted((a, b) => a.start - b.start || b.end - a.end);
      expect(text(replayed(inOrder).told)).toEqual(text(all));
    }),
    { numRuns: 2000 },
  );
});

it('puts on one lane what nests, and on another what overlaps', () => {
  const at = (start: number, end: number) => ({ start, end });
  expect(replayed([at(0, 9), at(1, 4), at(2, 3), at(5, 9)]).lanes).toBe(1);
  expect(replayed([at(0, 5), at(5, 9)]).lanes).toBe(1);
  expect(replayed([at(0, 5), at(3, 9)]).lanes).toBe(2);
});
