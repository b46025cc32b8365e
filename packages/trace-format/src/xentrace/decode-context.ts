import { DICTIONARIES } from '../columns.js';
import type { ColumnArrays } from '../event-batch.js';
import type { NewNames } from '../writer.js';
import { type P2mNumbering, wireTypeTable } from '../xen-enums.js';

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

/** The growing dictionaries of a trace that is being made. */
export class TraceNames {
  readonly view = new GrowingNames(DICTIONARIES.view.names);
  readonly lock_class = new GrowingNames(DICTIONARIES.lock_class.names);
  readonly symbol = new GrowingNames(DICTIONARIES.symbol.names);

  takeNew(): NewNames {
    const names: Record<string, readonly string[]> = {};
    for (const name of ['view', 'lock_class', 'symbol'] as const) {
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

/** What decoding a record needs besides its words. */
export interface DecodeContext {
  columns: ColumnArrays;
  /** Dictionary index of each wire p2m type, 255 for none. */
  readonly types: Uint8Array;
  readonly viewIndex: (word: number) => number;
  /** True while PoD and decrease_reservation payloads have the layout of Xen ≤ 4.17 (X§1.5). */
  oldPayloads: boolean;
}

export function decodeContext(numbering: P2mNumbering, names: TraceNames, columns: ColumnArrays): DecodeContext {
  const views = new Map<number, number>();
  const viewIndex = (word: number): number => {
    let index = views.get(word);
    if (index === undefined) {
      index = names.view.of(viewName(word));
      views.set(word, index);
    }
    return index;
  };
  return { columns, types: wireTypeTable(numbering), viewIndex, oldPayloads: false };
}

/** INVALID_MFN, INVALID_GFN and INVALID_M2P_ENTRY are all ones (X§3.4). */
export const isInvalidFrame = (low: number, high: number): boolean => low === 0xffff_ffff && high === 0xffff_ffff;

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
