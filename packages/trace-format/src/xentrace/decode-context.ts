import { PRESENT } from '../columns.js';
import type { ColumnArrays } from '../event-batch.js';
import type { TraceNames } from '../trace-names.js';
import { type P2mNumbering, wireTypeTable } from '../xen-enums.js';
import { WIRE_NO_DOMID } from './records.js';
import { viewName } from './view-names.js';

const { domid: DOMID, view: VIEW, owner: OWNER, caller: CALLER } = PRESENT;

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
