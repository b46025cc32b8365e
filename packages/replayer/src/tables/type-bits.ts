import type { LayoutProfile } from '@p2mtrace/trace-format';
import { below, CountBits } from './count-bits.js';

/** Types of a page (docs/format.md#page_info-layouts); other types of a layout are null. */
export const PGT_TYPES = ['none', 'l1', 'l2', 'l3', 'l4', 'seg_desc', 'writable', 'shared'] as const;
const FIRST_TABLE = PGT_TYPES.indexOf('l1');
const LAST_TABLE = PGT_TYPES.indexOf('l4');

/**
 * The fields of type_info that replay reads and changes: the count, PGT_partial and the type, by a layout
 * (docs/format.md#page_info-layouts).
 */
export class TypeBits {
  readonly count: CountBits;
  private readonly partialLow: number;
  private readonly partialHigh: number;
  /** PGT_locked; 0 in a layout without it. */
  private readonly lockedLow: number;
  private readonly lockedHigh: number;
  /** The type's bits. */
  readonly typeLow: number;
  readonly typeHigh: number;
  private readonly typeShift: number;
  /** Index into PGT_TYPES by the value of the type's bits, -1 for other types. */
  private readonly pgtTypes: Int8Array;

  constructor({ typeCountWidth, typeBits, typeShift, countWidth, types }: LayoutProfile) {
    this.pgtTypes = Int8Array.from({ length: 16 }, (_, value) => PGT_TYPES.indexOf(types[value] as never));
    this.count = new CountBits(typeCountWidth);
    const { partial, locked } = typeBits;
    this.partialLow = partial < 32 ? 2 ** partial : 0;
    this.partialHigh = partial < 32 ? 0 : 2 ** (partial - 32);
    this.lockedLow = locked !== undefined && locked < 32 ? 2 ** locked : 0;
    this.lockedHigh = locked !== undefined && locked >= 32 ? 2 ** (locked - 32) : 0;
    // The type is in the topmost bits; in the oldest layout, those of a 32-bit word.
    const bits = countWidth < 32 ? 32 : 64;
    const [lowBelow, highBelow] = below(typeShift);
    const [lowAll, highAll] = below(bits);
    this.typeLow = (lowAll & ~lowBelow) >>> 0;
    this.typeHigh = (highAll & ~highBelow) >>> 0;
    this.typeShift = typeShift;
  }

  /** The type, as an index into the layout's names. */
  typeOf(low: number, high: number): number {
    return this.typeShift < 32
      ? (low & this.typeLow) >>> this.typeShift
      : (high & this.typeHigh) >>> (this.typeShift - 32);
  }

  /** High and low word of the count, for code that needs it exact. */
  upperCount(high: number): number {
    return (high & this.count.high) >>> 0;
  }

  lowerCount(low: number): number {
    return (low & this.count.low) >>> 0;
  }

  /** True if PGT_partial is set. */
  isPartial(low: number, high: number): boolean {
    return (low & this.partialLow) !== 0 || (high & this.partialHigh) !== 0;
  }

  /** Type counts held by page_lock (PGT_locked): 1 or 0. */
  lockCount(low: number, high: number): 0 | 1 {
    return (low & this.lockedLow) !== 0 || (high & this.lockedHigh) !== 0 ? 1 : 0;
  }

  /** The type count without the one held by page_lock. */
  references(low: number, high: number): number {
    return this.count.of(low, high) - this.lockCount(low, high);
  }

  /** True if the type is a page table's and has references. */
  isPageTable(low: number, high: number): boolean {
    const type = this.pgtType(low, high);
    return type >= FIRST_TABLE && type <= LAST_TABLE && (this.lowerCount(low) !== 0 || this.upperCount(high) !== 0);
  }

  /** The type as an index into PGT_TYPES, -1 for other types. */
  pgtType(low: number, high: number): number {
    return this.pgtTypes[this.typeOf(low, high)];
  }
}
