import { withRoom } from '../memory/frame-table.js';

const PAGE = 1 << 15;

/** Which granules of a p2m were ever claimed: bits, in pages where there are any. */
export class GranuleSet {
  size = 0;
  private readonly pages = new Map<number, Uint32Array>();
  /** Ranges longer than a page; each is counted as a whole, whatever they have in common. */
  private ranges = new Float64Array(2);
  private rangeCount = 0;

  add(first: number, last: number): void {
    if (last - first >= PAGE) {
      this.addRange(first, last);
      return;
    }
    for (let at = first; at <= last; at++) {
      const number = Math.floor(at / PAGE);
      let page = this.pages.get(number);
      if (page === undefined) {
        page = new Uint32Array(PAGE / 32);
        this.pages.set(number, page);
      }
      const bit = at - number * PAGE;
      const mask = 1 << (bit & 31);
      if ((page[bit >>> 5] & mask) !== 0) continue;
      page[bit >>> 5] |= mask;
      this.size++;
    }
  }

  private addRange(first: number, last: number): void {
    for (let i = 0; i < this.rangeCount; i++) {
      if (this.ranges[2 * i] <= first && last <= this.ranges[2 * i + 1]) return;
    }
    this.ranges = withRoom(this.ranges, 2 * this.rangeCount + 2);
    this.ranges[2 * this.rangeCount] = first;
    this.ranges[2 * this.rangeCount + 1] = last;
    this.rangeCount++;
    this.size += last - first + 1;
  }
}
