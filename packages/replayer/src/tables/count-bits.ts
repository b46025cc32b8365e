/**
 * A count in the low bits of a word of page_info, as wide as the layout says (docs/format.md#page_info-layouts); words
 * are in arrays of low and high halves. The count stays within its bits: below 0 and above its maximum it wraps, as in
 * Xen.
 */
export class CountBits {
  readonly low: number;
  readonly high: number;

  constructor(width: number) {
    [this.low, this.high] = below(width);
  }

  /** The count as a number: exact below 2^53, which no real count exceeds. */
  of(low: number, high: number): number {
    return ((high & this.high) >>> 0) * 0x1_0000_0000 + ((low & this.low) >>> 0);
  }

  /** True if the count is at its maximum, one below 0. Exact for any width. */
  isHighest(low: number, high: number): boolean {
    return (low & this.low) === (this.low | 0) && (high & this.high) === (this.high | 0);
  }

  /** The count moved by 1, 0 or -1, as a number. */
  moved(low: number, high: number, by: number): number {
    const sum = ((low & this.low) >>> 0) + by;
    return this.of(sum, (high & this.high) + carryOf(sum));
  }

  /** True if the count of a word in two arrays, once moved, is exactly that of another word. */
  movesTo(lows: Uint32Array, highs: Uint32Array, slot: number, by: number, words: Uint32Array, at: number): boolean {
    const sum = ((lows[slot] & this.low) >>> 0) + by;
    const high = highs[slot] + carryOf(sum);
    return ((sum ^ words[at]) & this.low) === 0 && ((high ^ words[at + 1]) & this.high) === 0;
  }

  /** Moves the count of a word in two arrays; all other bits stay. */
  move(lows: Uint32Array, highs: Uint32Array, slot: number, by: number): void {
    const sum = ((lows[slot] & this.low) >>> 0) + by;
    const high = highs[slot] + carryOf(sum);
    lows[slot] = (lows[slot] & ~this.low) | (sum & this.low);
    highs[slot] = (highs[slot] & ~this.high) | (high & this.high);
  }
}

/** What a sum of low halves carries into the high half, if the count extends there. */
const carryOf = (sum: number): number => (sum < 0 ? -1 : sum > 0xffff_ffff ? 1 : 0);

/** Masks of the bits below `width`: of the low half of a word, and of the high half. */
export function below(width: number): [number, number] {
  return [width >= 32 ? 0xffff_ffff : 2 ** width - 1, width > 32 ? 2 ** (width - 32) - 1 : 0];
}
