import { withRoom } from './frame-table.js';
import type { StateImage } from './state-image.js';

/** What the first number of a free record is less than: -2 minus where the next free one begins. */
const FREE = -2;

/**
 * Records of `width` numbers each in one typed array, found by where they begin, which is never 0. What the numbers
 * mean is the owner's, but for the first: a link to another record, 0 for none.
 */
export class Records {
  /** Renewed by `add`. */
  data: Float64Array;
  /** Records that there are. */
  size = 0;
  private readonly width: number;
  private end: number;
  private free = 0;

  constructor(width: number) {
    this.width = width;
    this.end = width;
    this.data = new Float64Array(width * 8);
  }

  /** Where a new record begins, all of whose numbers are 0. */
  add(): number {
    let at = this.free;
    if (at === 0) {
      at = this.end;
      this.end += this.width;
      this.data = withRoom(this.data, this.end);
    } else {
      this.free = FREE - this.data[at];
    }
    this.data.fill(0, at, at + this.width);
    this.size++;
    return at;
  }

  remove(at: number): void {
    this.data[at] = FREE - this.free;
    this.free = at;
    this.size--;
  }

  /** Every record, in no order that means anything; the visitor may remove the one that it is given. */
  forEach(visit: (at: number) => void): void {
    for (let at = this.width; at < this.end; at += this.width) if (this.data[at] >= 0) visit(at);
  }

  clear(): void {
    this.data = new Float64Array(this.width * 8);
    this.size = 0;
    this.end = this.width;
    this.free = 0;
  }

  transfer(image: StateImage): void {
    this.data = image.array('data', this.data);
    this.size = image.number('size', this.size);
    this.end = image.number('end', this.end);
    this.free = image.number('free', this.free);
  }
}
