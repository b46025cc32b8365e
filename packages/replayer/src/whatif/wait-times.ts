import { withRoom } from '../memory/frame-table.js';

/** Values that are kept one by one. */
const KEPT = 1 << 16;
/** Beyond that, buckets of a 128th of a power of two. */
const STEPS = 128;

/**
 * Ticks that were waited. Percentiles are exact (the nearest rank) for the first 65,536; of more, they are at most one
 * 128th too low.
 */
export class WaitTimes {
  count = 0;
  total = 0;
  /** 0 for none. */
  max = 0;
  private values = new Float64Array(16);
  private buckets: Float64Array | undefined;

  add(ticks: number): void {
    this.total += ticks;
    if (ticks > this.max) this.max = ticks;
    if (this.count < KEPT) {
      if (this.count >= this.values.length) this.values = withRoom(this.values, this.count + 1);
      this.values[this.count++] = ticks;
      return;
    }
    if (this.buckets === undefined) {
      this.buckets = new Float64Array(STEPS * 64);
      for (let i = 0; i < this.count; i++) this.buckets[bucketOf(this.values[i])]++;
      this.values = new Float64Array(0);
    }
    this.count++;
    this.buckets[bucketOf(ticks)]++;
  }

  /** The smallest value that is not less than this part of all; null for none. */
  percentile(part: number): number | null {
    if (this.count === 0) return null;
    const rank = Math.max(1, Math.ceil(part * this.count));
    if (this.buckets === undefined) return this.values.slice(0, this.count).sort()[rank - 1];
    let seen = 0;
    for (let i = 0; i < this.buckets.length; i++) {
      seen += this.buckets[i];
      if (seen >= rank) return Math.min(lowestOf(i), this.max);
    }
    return this.max;
  }
}

const double = new Float64Array(1);
/** Its two halves, the low one first. */
const words = new Uint32Array(double.buffer);

/** The exponent of a value and the first 7 bits behind its point, as the bits of a double tell them. */
function bucketOf(value: number): number {
  if (value < 1) return 0;
  double[0] = value;
  return Math.min(63, (words[1] >>> 20) - 1023) * STEPS + ((words[1] >>> 13) & (STEPS - 1));
}

const lowestOf = (bucket: number): number => 2 ** Math.floor(bucket / STEPS) * (1 + (bucket % STEPS) / STEPS);
