import fc from 'fast-check';
import { expect, it } from 'vitest';
import { placeOf, placeText } from '../src/data/place.js';
import { frameAt, placeOfFrame } from '../src/map/hilbert.js';

const sides = [2, 8, 64];

it.each(sides)('goes through every square of a side of %i once, each beside the last', side => {
  const seen = new Set<string>();
  const at = { x: 0, y: 0 };
  let last = { x: 0, y: -1 };
  for (let frame = 0; frame < side * side; frame++) {
    placeOfFrame(side, frame, at);
    expect(Math.abs(at.x - last.x) + Math.abs(at.y - last.y)).toBe(1);
    expect(frameAt(side, at.x, at.y)).toBe(frame);
    seen.add(`${at.x} ${at.y}`);
    last = { ...at };
  }
  expect(seen.size).toBe(side * side);
});

it('has an aligned run of 4^k frames in a square of side 2^k, which a coarser curve has in the same place', () => {
  const square = fc.record({ bits: fc.nat(25), size: fc.nat(10), x: fc.nat(2 ** 26), y: fc.nat(2 ** 26) });
  fc.assert(
    fc.property(square, ({ bits, size, x, y }) => {
      const side = 2 ** (bits + 1);
      const block = 2 ** Math.min(size, bits);
      const [cx, cy] = [x % (side / block), y % (side / block)];
      const tile = Math.floor(frameAt(side, cx * block, cy * block) / block ** 2);
      expect(Math.floor(frameAt(side, cx * block + block - 1, cy * block + block - 1) / block ** 2)).toBe(tile);
      expect(frameAt(side / block, cx, cy)).toBe(tile);
    }),
    { seed: 16 },
  );
});

it('a place survives the address', () => {
  const place = {
    t: 1,
    seq: 10_422_013,
    view: 'thing',
    thing: 'gfn 1:0x8e07@altp2m:0',
    space: '1 host',
    by: 'owner',
    window: [-1, 10_422_013] as const,
    camera: [12.5, 300, 4] as const,
  };
  expect(placeOf(`#${placeText(place)}`)).toEqual(place);
  expect(placeOf('#seq=x&window=9-3&camera=1,2')).toEqual({});
  // Of no trace and no event.
  expect(placeOf('#t=0.5&seq=1.5')).toEqual({});
  expect(placeOf('#t=1e99&seq=9007199254740993')).toEqual({});
});
