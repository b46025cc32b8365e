import type { LayoutProfile } from '@p2mtrace/trace-format';
import { PGT_TYPES } from './fact-specs.js';

/** What replay reads and changes of type_info by itself: its count, PGT_partial, and the type, by a layout (X§4.2). */
export class TypeBits {
  private readonly countLow: number;
  private readonly countHigh: number;
  private readonly partialLow: number;
  private readonly partialHigh: number;
  /** The type's bits. */
  readonly typeLow: number;
  readonly typeHigh: number;
  private readonly typeShift: number;
  /** Index into PGT_TYPES by value of the type's bits, -1 for one that is none of them. */
  private readonly pgtTypes: Int8Array;

  constructor({ typeCountWidth: width, typeBits, typeShift, countWidth, types }: LayoutProfile) {
    this.pgtTypes = Int8Array.from({ length: 16 }, (_, value) => PGT_TYPES.indexOf(types[value] as never));
    [this.countLow, this.countHigh] = below(width);
    const { partial } = typeBits;
    this.partialLow = partial < 32 ? 2 ** partial : 0;
    this.partialHigh = partial < 32 ? 0 : 2 ** (partial - 32);
    // The type is what lies above everything else: in the oldest layout, of a 32-bit word.
    const bits = countWidth < 32 ? 32 : 64;
    const [lowBelow, highBelow] = below(typeShift);
    const [lowAll, highAll] = below(bits);
    this.typeLow = (lowAll & ~lowBelow) >>> 0;
    this.typeHigh = (highAll & ~highBelow) >>> 0;
    this.typeShift = typeShift;
  }

  /** The type count; exact below 2^53, beyond which no real count comes. */
  count(low: number, high: number): number {
    return ((high & this.countHigh) >>> 0) * 0x1_0000_0000 + ((low & this.countLow) >>> 0);
  }

  /** The type, as an index into the layout's names. */
  typeOf(low: number, high: number): number {
    return this.typeShift < 32
      ? (low & this.typeLow) >>> this.typeShift
      : (high & this.typeHigh) >>> (this.typeShift - 32);
  }

  /** PGT_partial is set. */
  isPartial(low: number, high: number): boolean {
    return (low & this.partialLow) !== 0 || (high & this.partialHigh) !== 0;
  }

  /** The type as an index into PGT_TYPES, -1 for one that is none of them. */
  pgtType(low: number, high: number): number {
    return this.pgtTypes[this.typeOf(low, high)];
  }

  /** The count that is one below 0: it wraps inside its own bits, as Xen's would. */
  get wrapped(): number {
    return this.count(0xffff_ffff, 0xffff_ffff);
  }

  /** Adds 1 or -1 to the count of a type_info in two arrays, and leaves all other bits alone. */
  add(low: Uint32Array, high: Uint32Array, slot: number, by: number): void {
    const sum = ((low[slot] & this.countLow) >>> 0) + by;
    const carry = sum < 0 ? -1 : sum > 0xffff_ffff ? 1 : 0;
    const above = (high[slot] & this.countHigh) + carry;
    low[slot] = (low[slot] & ~this.countLow) | (sum & this.countLow);
    high[slot] = (high[slot] & ~this.countHigh) | (above & this.countHigh);
  }
}

/** Masks of the bits below `width`: of the low word, and of the high one. */
function below(width: number): [number, number] {
  return [width >= 32 ? 0xffff_ffff : 2 ** width - 1, width > 32 ? 2 ** (width - 32) - 1 : 0];
}
