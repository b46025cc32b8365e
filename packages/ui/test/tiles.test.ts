import { expect, it } from 'vitest';
import { differences, type Picture } from '../src/map/tiles.js';

const picture = (value: readonly number[], more: Partial<Picture> = {}): Picture => ({
  x: 0,
  y: 0,
  size: 1,
  columns: value.length,
  rows: 1,
  value: Float64Array.from(value),
  written: new Float64Array(value.length),
  seq: 0,
  by: 'type',
  ...more,
});

it('counts as different only what both pictures know', () => {
  const [a, b] = [picture([1, 1, 2, Number.NaN, Number.NaN, 3]), picture([1, 2, Number.NaN, 4, Number.NaN, 3])];
  expect(differences(a, b)).toEqual({ both: 3, differ: 1, oneOnly: 2 });
  expect(differences(b, a)).toEqual({ both: 3, differ: 1, oneOnly: 2 });
});

it('does not compare pictures of other frames, or of something else', () => {
  const a = picture([1, 2]);
  for (const more of [{ x: 32 }, { size: 2 }, { by: 'owner' }])
    expect(differences(a, picture([1, 2], more))).toBeUndefined();
});
