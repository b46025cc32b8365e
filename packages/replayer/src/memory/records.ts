import { withRoom } from './frame-table.js';
import type { StateImage } from './state-image.js';

/** The first number of a free record is at most this: -2 minus the start of the next free record. */
const FREE = -2;

/**
 * Records of `width` numbers each in one typed array, identified by their start, which is never 0. What the numbers
 * mean is up to the owner, except for the first: a link to another record, 0 for none.
 */
export class Records {
  /** Replaced by `add`. */
  data: Float64Array;
  /** Number of records. */
  size = 0;
  private readonly width: number;
  private end: number;
  private free = 0;

  constructor(width: number) {
    this.width = width;
    this.end = width;
    this.data = new Float64Array(width * 8);
  }

  /** Adds a record of zeros; returns its start. */
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

  /** Visits every record, in no particular order; the visitor may remove the one it is given. */
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
