import { DICTIONARIES, PRESENT } from '../columns.js';
import type { ColumnArrays } from '../event-batch.js';
import { hex } from '../u64.js';
import type { NewNames } from '../writer.js';
import { type P2mNumbering, wireTypeTable } from '../xen-enums.js';
import { WIRE_NO_DOMID } from './records.js';

const { domid: DOMID, view: VIEW, owner: OWNER, caller: CALLER } = PRESENT;

/** Names of a growing dictionary, each with its index; remembers which are new since the last batch. */
export class GrowingNames {
  private readonly index = new Map<string, number>();
  private added: string[] = [];
  private readonly limit: number;

  constructor(initial: readonly string[], limit = 0xffff) {
    initial.forEach((name, i) => {
      this.index.set(name, i);
    });
    this.limit = limit;
  }

  /** Index of the name, adding it where it is new; -1 when the dictionary is full. */
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
 * Addresses of a growing dictionary, found by their two words without making a bigint: an open-addressed table,
 * as lock events look up two of them each.
 */
export class GrowingAddresses {
  private readonly names: GrowingNames;
  private slots = new Int32Array(1024).fill(-1);
  private low = new Uint32Array(512);
  private high = new Uint32Array(512);
  private count = 0;

  constructor(limit: number) {
    this.names = new GrowingNames([], limit);
  }

  /**
   * Index of the address that these two words of `words` are, adding it where it is new; -1 when the dictionary is
   * full. (Numbers from 2^31 on are heap objects when they are arguments; those in an array are not.)
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

  /** The address behind an index. */
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

/** The growing dictionaries of a trace that is being made. */
export class TraceNames {
  readonly view = new GrowingNames(DICTIONARIES.view.names);
  readonly lock_class = new GrowingNames(DICTIONARIES.lock_class.names);
  readonly symbol = new GrowingNames(DICTIONARIES.symbol.names);
  readonly lock = new GrowingAddresses(0xffff_fffe);
  readonly caller = new GrowingAddresses(0xffff);

  takeNew(): NewNames {
    const names: Record<string, readonly string[]> = {};
    for (const name of ['view', 'lock_class', 'symbol', 'lock', 'caller'] as const) {
      const added = this[name].takeNew();
      if (added.length > 0) names[name] = added;
    }
    return names;
  }
}

/**
 * View as the extension writes it: the p2m's class (0 host, 1 nested, 2 alternate: enum p2m_class in Xen's p2m.h)
 * from bit 10 up, its index below (X§9.1).
 */
export function viewName(word: number): string {
  if (word === 0) return 'host';
  const [kind, index] = [word >>> 10, word & 0x3ff];
  return kind === 1
    ? `nested:${index}`
    : kind === 2
      ? `altp2m:${index}`
      : kind === 0
        ? `host:${index}`
        : `view:${word}`;
}

/** Wire word of a view's name; the inverse of viewName. */
export function viewWord(name: string): number {
  const [kind, index] = name.split(':');
  const number = Number(index ?? 0);
  return kind === 'nested' ? (1 << 10) | number : kind === 'altp2m' ? (2 << 10) | number : number;
}

/**
 * Decodes a payload of the right size, which starts at `words[at]`, into a row of the columns. Returns the columns
 * that the row has (bits of PRESENT), or 0 where the contents fit none.
 */
export type Decoder = (row: number, words: Uint32Array, at: number) => number;

/** Decoders by minor of TRC_MEM. */
export type Decoders = Readonly<Record<number, Decoder>>;

/**
 * What decoders write to, and what they have in common. There is one for an import, made before its decoders: code
 * that uses constants of this one, and not parameters, compiles to half as many instructions.
 */
export interface DecodeContext {
  /** Of all batches that rows are written to. */
  readonly columns: ColumnArrays;
  /** Dictionary index of each wire p2m type, 255 for none. */
  readonly types: Uint8Array;
  readonly names: TraceNames;
  /** True while PoD and decrease_reservation payloads have the layout of Xen ≤ 4.17 (X§1.5). */
  readonly oldPayloads: boolean;
  /** Writes what a word has: the domain in the low half, the view in the high one. Returns the columns to add. */
  readonly putDomain: (row: number, word: number) => number;
  /** Adds the owner to `present` unless the wire says that there is none; 0 for an owner that is no domid. */
  readonly putOwner: (row: number, owner: number, present: number) => number;
  /** Writes the address of a call site. Returns the column to add, 0 when the dictionary is full. */
  readonly putCaller: Decoder;
}

export function decodeContext(
  columns: ColumnArrays,
  names: TraceNames,
  numbering: P2mNumbering,
  oldPayloads: boolean,
): DecodeContext {
  const { domid, view, owner, caller } = columns;
  const { view: viewNames, caller: callers } = names;
  /** Index of each view that was seen, by its wire word. */
  const views = new Int32Array(0x1_0000).fill(-1);

  function putDomain(row: number, word: number): number {
    domid[row] = word;
    const wire = word >>> 16;
    const index = views[wire] < 0 ? newView(wire) : views[wire];
    if (index < 0) return DOMID;
    view[row] = index;
    return DOMID | VIEW;
  }

  function newView(wire: number): number {
    views[wire] = viewNames.of(viewName(wire));
    return views[wire];
  }

  function putOwner(row: number, domain: number, present: number): number {
    if (domain === WIRE_NO_DOMID) return present;
    if (domain > 0xffff) return 0;
    owner[row] = domain;
    return present | OWNER;
  }

  function putCaller(row: number, words: Uint32Array, at: number): number {
    const index = callers.of(words, at);
    if (index < 0) return 0;
    caller[row] = index;
    return CALLER;
  }

  return { columns, types: wireTypeTable(numbering), names, oldPayloads, putDomain, putOwner, putCaller };
}

/** INVALID_MFN, INVALID_GFN and INVALID_M2P_ENTRY are all ones (X§3.4). */
export const isInvalidFrame = (words: Uint32Array, at: number): boolean =>
  words[at] === 0xffff_ffff && words[at + 1] === 0xffff_ffff;

/** Copies a frame unless it is the invalid one; returns the presence bit to add. */
export function putFrame(column: Uint32Array, row: number, words: Uint32Array, at: number, bit: number): number {
  const low = words[at];
  const high = words[at + 1];
  if (low === 0xffff_ffff && high === 0xffff_ffff) return 0;
  column[2 * row] = low;
  column[2 * row + 1] = high;
  return bit;
}

export function putU64(column: Uint32Array, row: number, words: Uint32Array, at: number): void {
  column[2 * row] = words[at];
  column[2 * row + 1] = words[at + 1];
}
