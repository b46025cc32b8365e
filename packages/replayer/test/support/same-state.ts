import { expect } from 'vitest';
import { type ImageContents, saveState, type XenState } from '../../src/index.js';

/** The whole state as it is now, bit by bit. */
export function stateOf(replayer: XenState): ImageContents {
  return new Map([...saveState(replayer)].map(([name, array]) => [name, array.slice()]));
}

/** Names of arrays that differ in length, type or any bit; a state has all that the other has. */
export function differences(a: ImageContents, b: ImageContents): string[] {
  const names = new Set([...a.keys(), ...b.keys()]);
  return [...names].filter(name => {
    const [one, other] = [a.get(name), b.get(name)];
    return one?.constructor !== other?.constructor || Buffer.compare(bytes(one), bytes(other)) !== 0;
  });
}

export function expectSameState(a: ImageContents, b: ImageContents): void {
  expect(differences(a, b)).toEqual([]);
}

const bytes = (array: ArrayBufferView | undefined) =>
  array === undefined ? Buffer.alloc(0) : Buffer.from(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength);
