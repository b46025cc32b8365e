import { DICTIONARIES } from '../schema/columns.js';
import { hex } from '../u64.js';
import type { NewNames } from './writer.js';

/** No program has more call sites; a trace with more is made up, and must not fill the memory. */
const MAX_SITES = 0xff_ffff;

/** Names of a growing dictionary, each with its index; remembers those that are new since the last batch. */
class GrowingNames {
  private readonly index = new Map<string, number>();
  private added: string[] = [];
  private readonly limit: number;

  constructor(initial: readonly string[], limit = 0xffff) {
    initial.forEach((name, i) => {
      this.index.set(name, i);
    });
    this.limit = limit;
  }

  /** Index of the name, which is added if it is new; -1 if the dictionary is full. */
  of(name: string): number {
    const known = this.index.get(name);
    if (known !== undefined) return known;
    if (this.index.size > this.limit) return -1;
    this.added.push(name);
    this.index.set(name, this.index.size);
    return this.index.size - 1;
  }

  takeNew(): readonly string[] {
    const { added } = this;
    if (added.length > 0) this.added = [];
    return added;
  }
}

/**
 * Addresses of a growing dictionary, found by their two words without a bigint: an open-addressed table, as each lock
 * event looks up two addresses.
 */
class GrowingAddresses {
  private readonly names: GrowingNames;
  private slots = new Int32Array(1024).fill(-1);
  private low = new Uint32Array(512);
  private high = new Uint32Array(512);
  private count = 0;

  constructor(limit: number) {
    this.names = new GrowingNames([], limit);
  }

  /**
   * Index of the address in the two words of `words` at `at`, which is added if it is new; -1 if the dictionary is
   * full. (As arguments, numbers from 2^31 on would be heap objects; in an array they are not.)
   */
  of(words: Uint32Array, at: number): number {
    const low = words[at];
    const high = words[at + 1];
    const mask = this.slots.length - 1;
    let slot = (Math.imul(low ^ high, 0x9e37_79b1) >>> 12) & mask;
    for (;;) {
      const index = this.slots[slot];
      if (index < 0) return this.add(words, at, slot);
      if (this.low[index] === low && this.high[index] === high) return index;
      slot = (slot + 1) & mask;
    }
  }

  /** The address with this index. */
  at(index: number): bigint {
    return (BigInt(this.high[index]) << 32n) | BigInt(this.low[index]);
  }

  takeNew(): readonly string[] {
    return this.names.takeNew();
  }

  private add(words: Uint32Array, at: number, slot: number): number {
    const low = words[at];
    const high = words[at + 1];
    const index = this.names.of(hex((BigInt(high) << 32n) | BigInt(low)));
    if (index < 0) return -1;
    if (this.count === this.low.length) this.grow();
    this.low[index] = low;
    this.high[index] = high;
    this.count++;
    if (this.count * 2 > this.slots.length) this.rehash();
    else this.slots[slot] = index;
    return index;
  }

  private grow(): void {
    const [low, high] = [new Uint32Array(this.count * 2), new Uint32Array(this.count * 2)];
    low.set(this.low);
    high.set(this.high);
    this.low = low;
    this.high = high;
  }

  private rehash(): void {
    this.slots = new Int32Array(this.slots.length * 2).fill(-1);
    const mask = this.slots.length - 1;
    for (let index = 0; index < this.count; index++) {
      let slot = (Math.imul(this.low[index] ^ this.high[index], 0x9e37_79b1) >>> 12) & mask;
      while (this.slots[slot] >= 0) slot = (slot + 1) & mask;
      this.slots[slot] = index;
    }
  }
}

/** The growing dictionaries of a trace while it is made. */
export class TraceNames {
  readonly view = new GrowingNames(DICTIONARIES.view.names);
  readonly lock_class = new GrowingNames(DICTIONARIES.lock_class.names);
  readonly symbol = new GrowingNames(DICTIONARIES.symbol.names, MAX_SITES);
  readonly lock = new GrowingAddresses(0xffff_fffe);
  readonly caller = new GrowingAddresses(MAX_SITES);

  takeNew(): NewNames {
    const names: Record<string, readonly string[]> = {};
    for (const name of ['view', 'lock_class', 'symbol', 'lock', 'caller'] as const) {
      const added = this[name].takeNew();
      if (added.length > 0) names[name] = added;
    }
    return names;
  }
}
