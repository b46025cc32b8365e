import { describe, expect, test } from 'vitest';
import { loadState, type StateImage, saveState } from '../src/index.js';

/** A part with one of everything. */
class Everything {
  array = Uint32Array.of(1, 0xffff_ffff);
  single = Number.NaN;
  list = [1, -0, 2 ** 60];
  map = new Map([
    [9, 1],
    [3, 2],
  ]);
  byKey = new Map([[7, new Leaf(7, 70)]]);
  leaves = [new Leaf(0, 1), new Leaf(1, 2)];

  transfer(image: StateImage): void {
    this.array = image.array('array', this.array);
    this.single = image.number('single', this.single);
    image.numbers('list', this.list);
    image.map('map', this.map);
    image.partsByKey('byKey', this.byKey, key => new Leaf(key, 0));
    image.parts('leaves', this.leaves, index => new Leaf(index, 0));
  }
}

class Leaf {
  readonly id: number;
  value: number;
  constructor(id: number, value: number) {
    this.id = id;
    this.value = value;
  }
  transfer(image: StateImage): void {
    this.value = image.number('value', this.value);
  }
}

describe('state images', () => {
  test('what is loaded is what was saved, whatever was there before', () => {
    const saved = saveState(new Everything());
    const other = new Everything();
    other.array = new Uint32Array(9);
    other.single = 5;
    other.list.push(4);
    other.map.clear();
    other.byKey.set(8, new Leaf(8, 80));
    other.leaves.pop();
    loadState(other, saved);
    expect(other).toEqual(new Everything());
    expect([...other.map.keys()]).toEqual([9, 3]);
  });

  test('a name that a part has twice, or that the image lacks, or has otherwise', () => {
    const twice = { transfer: (image: StateImage) => [image.number('a', 1), image.number('a', 1)] };
    expect(() => saveState(twice as never)).toThrow('a twice');
    const number = { transfer: (image: StateImage) => void image.number('a', 1) };
    const array = { transfer: (image: StateImage) => void image.array('b', new Uint8Array(1)) };
    const other = { transfer: (image: StateImage) => void image.array('b', new Float64Array(1)) };
    expect(() => loadState(number, saveState(array))).toThrow('has no a');
    expect(() => loadState(array, saveState(number))).toThrow('no such b');
    expect(() => loadState(other, saveState(array))).toThrow('no such b');
  });
});
