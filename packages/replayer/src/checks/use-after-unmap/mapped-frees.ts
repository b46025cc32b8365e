import { withRoom } from '../../memory/frame-table.js';

/** Where a record's numbers lie. */
export const MFN = 0;
export const GENERATION = 1;
export const OWNER = 2;
export const VIEW = 3;
export const GFN = 4;
export const MAPPED_SEQ = 5;
export const FREED_SEQ = 6;
export const FREED_PCPU = 7;
/** The way in which it was freed is no teardown's; and the end of the section that left the entry, NaN for none. */
export const IS_DEFECT = 8;
export const LEFT_SEQ = 9;
/** Its entry may have gone before, by a write recorded behind the free. */
export const MAY_BE_GONE = 10;
export const WIDTH = 11;

/** Pages of one domain's p2ms that were freed while an entry mapped them, in their order. */
export class MappedFrees {
  data = new Float64Array(8 * WIDTH);
  end = 0;
  /** The last lookup there since the first was freed that gave a frame, or write that failed; NaN for none. */
  usedSeq = Number.NaN;

  /** Where the next one goes. */
  add(): number {
    const at = this.end;
    this.end += WIDTH;
    if (this.end > this.data.length) this.data = withRoom(this.data, this.end);
    this.data[at + IS_DEFECT] = 0;
    this.data[at + LEFT_SEQ] = Number.NaN;
    this.data[at + MAY_BE_GONE] = 0;
    return at;
  }

  /** Forgets all of them, and keeps the room. */
  clear(): void {
    this.end = 0;
    this.usedSeq = Number.NaN;
  }

  get pages(): number {
    return this.end / WIDTH;
  }

  get lastFreed(): number {
    return this.data[this.end - WIDTH + FREED_SEQ];
  }

  /** How many were freed before that seq. */
  freedBefore(seq: number): number {
    let count = 0;
    while (count < this.pages && this.data[count * WIDTH + FREED_SEQ] < seq) count++;
    return count;
  }
}
