import type { StateImage } from './state-image.js';

/** No frame has this number. */
const FREE = -1;
const SMALLEST = 16;

/** Frame or chunk number → a number that is not 0, by open addressing: 16 to 32 bytes for each that has one. */
export class FrameHash {
  private keys = new Float64Array(0);
  private values = new Int32Array(0);
  size = 0;

  /** 0 for none. */
  get(key: number): number {
    const { keys } = this;
    const mask = keys.length - 1;
    if (mask < 0) return 0;
    for (let at = hashOf(key) & mask; ; at = (at + 1) & mask) {
      if (keys[at] === key) return this.values[at];
      if (keys[at] === FREE) return 0;
    }
  }

  set(key: number, value: number): void {
    if (4 * (this.size + 1) > 3 * this.keys.length) this.resize(Math.max(SMALLEST, this.keys.length * 2));
    this.put(key, value);
  }

  /** Every key that has a value. */
  allKeys(): Float64Array {
    return this.keys.filter(key => key !== FREE);
  }

  /** The same, in order. */
  sortedKeys(): Float64Array {
    return this.allKeys().sort();
  }

  transfer(image: StateImage): void {
    this.keys = image.array('keys', this.keys);
    this.values = image.array('values', this.values);
    this.size = image.number('size', this.size);
  }

  private resize(length: number): void {
    const { keys, values } = this;
    this.keys = new Float64Array(length).fill(FREE);
    this.values = new Int32Array(length);
    this.size = 0;
    for (let i = 0; i < keys.length; i++) if (keys[i] !== FREE) this.put(keys[i], values[i]);
  }

  private put(key: number, value: number): void {
    const { keys } = this;
    const mask = keys.length - 1;
    let at = hashOf(key) & mask;
    while (keys[at] !== key && keys[at] !== FREE) at = (at + 1) & mask;
    if (keys[at] === FREE) this.size++;
    keys[at] = key;
    this.values[at] = value;
  }
}

/** Mixes all 52 bits: frames of a trace may differ in the upper ones alone. */
function hashOf(key: number): number {
  const high = (key / 0x1_0000_0000) | 0;
  let hash = Math.imul(key | 0, 0x9e37_79b1) ^ Math.imul(high, 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b_3c6d);
  return hash ^ (hash >>> 13);
}
