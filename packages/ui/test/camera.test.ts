import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { areaOf, type Camera, fitting, frameBeside, frameUnder, middleOf, panned, zoomed } from '../src/map/camera.js';

const SIDE = 64;
const size = { width: 300, height: 200 };
const camera = fc.tuple(
  fc.double({ min: 0, max: SIDE, noNaN: true }),
  fc.double({ min: 0, max: SIDE, noNaN: true }),
  fc.double({ min: 2, max: 60, noNaN: true }),
) satisfies fc.Arbitrary<Camera>;

it('sees as much as the canvas has room for, around its middle', () => {
  expect(areaOf([10, 20, 4], size)).toEqual({ x: 10 - 37.5, y: 20 - 25, width: 75, height: 50, scale: 4 });
});

it('fits the square of 4^k frames, or two of them, but no more than there is', () => {
  // 16 frames are a square of side 4; 32 are two, so that of side 8 is shown.
  expect([16, 32, 2 ** 20].map(most => fitting(most, SIDE, size))).toEqual([
    [2, 2, 50],
    [4, 4, 25],
    [32, 32, 200 / 64],
  ]);
});

it('leaves what is under the pointer where it is while it zooms', () => {
  fc.assert(
    fc.property(camera, fc.nat(299), fc.nat(199), fc.double({ min: 0.5, max: 2, noNaN: true }), (from, px, py, by) => {
      const place = (one: Camera) => {
        const { x, y, scale } = areaOf(one, size);
        return [x + px / scale, y + py / scale];
      };
      const to = zoomed(from, size, SIDE, by, [px, py]);
      for (const [i, value] of place(to).entries()) expect(value).toBeCloseTo(place(from)[i], 6);
      expect(to[2]).toBeGreaterThanOrEqual(200 / SIDE / 2);
      expect(to[2]).toBeLessThanOrEqual(64);
    }),
  );
});

it('moves by as much as it is dragged', () => {
  expect(panned([10, 10, 5], 20, -10)).toEqual([6, 12, 5]);
});

describe('a frame', () => {
  it('is found where it is drawn', () => {
    fc.assert(
      fc.property(camera, fc.nat(SIDE * SIDE - 1), (from, frame) => {
        const [px, py] = middleOf(from, size, SIDE, frame)!;
        expect(frameUnder(from, size, SIDE, px, py)).toBe(frame);
      }),
    );
  });

  it('beyond the map is nowhere', () => {
    const from = fitting(16, 4, size);
    expect([16, 17, 2 ** 52, Number.NaN, -1].map(frame => middleOf(from, size, 4, frame))).toEqual(
      Array.from({ length: 5 }, () => undefined),
    );
    expect(frameUnder([0, 0, 10], size, 4, 0, 0)).toBeUndefined();
  });

  it('has neighbours, but not across the border', () => {
    // The curve begins in a corner: up and left of it there is nothing.
    expect([frameBeside(SIDE, 0, [-1, 0], 1), frameBeside(SIDE, 0, [0, -1], 1)]).toEqual([0, 0]);
    const beside = [frameBeside(SIDE, 0, [1, 0], 1), frameBeside(SIDE, 0, [0, 1], 1)];
    // Its second frame is one of the two, its fourth the other.
    expect(beside.sort((a, b) => a - b)).toEqual([1, 3]);
  });
});
