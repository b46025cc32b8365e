/**
 * A count in the low bits of a word of page_info, whose width the layout says (docs/format.md#page_info-layouts); words
 * lie in arrays of low and
 * high halves. It moves inside its own bits: below 0 and beyond its maximum it wraps, as Xen's would.
 */
export class CountBits {
  readonly low: number;
  readonly high: number;

  constructor(width: number) {
    [this.low, this.high] = below(width);
  }

  /** The count as a number: exact below 2^53, beyond which no real count comes. */
  of(low: number, high: number): number {
    return ((high & this.high) >>> 0) * 0x1_0000_0000 + ((low & this.low) >>> 0);
  }

  /** The count is the highest that there is: one below 0. Exact, whatever the width. */
  isHighest(low: number, high: number): boolean {
    return (low & this.low) === (this.low | 0) && (high & this.high) === (this.high | 0);
  }

  /** The count moved by 1, 0 or -1, as a number. */
  moved(low: number, high: number, by: number): number {
    const sum = ((low & this.low) >>> 0) + by;
    return this.of(sum, (high & this.high) + carryOf(sum));
  }

  /** The count of a word in two arrays, moved, is exactly that of another word. */
  movesTo(lows: Uint32Array, highs: Uint32Array, slot: number, by: number, words: Uint32Array, at: number): boolean {
    const sum = ((lows[slot] & this.low) >>> 0) + by;
    const high = highs[slot] + carryOf(sum);
    return ((sum ^ words[at]) & this.low) === 0 && ((high ^ words[at + 1]) & this.high) === 0;
  }

  /** Moves the count of a word in two arrays, and leaves all other bits alone. */
  move(lows: Uint32Array, highs: Uint32Array, slot: number, by: number): void {
    const sum = ((lows[slot] & this.low) >>> 0) + by;
    const high = highs[slot] + carryOf(sum);
    lows[slot] = (lows[slot] & ~this.low) | (sum & this.low);
    highs[slot] = (highs[slot] & ~this.high) | (high & this.high);
  }
}

/** What a sum of low bits adds to the high ones, where the count has any. */
const carryOf = (sum: number): number => (sum < 0 ? -1 : sum > 0xffff_ffff ? 1 : 0);

/** Masks of the bits below `width`: of the low half of a word, and of the high one. */
export function below(width: number): [number, number] {
  return [width >= 32 ? 0xffff_ffff : 2 ** width - 1, width > 32 ? 2 ** (width - 32) - 1 : 0];
}
