import { framesOf } from '../memory/order.js';
import { GRANULE_ORDER } from './design.js';
import { GranuleSet } from './granule-set.js';

const LARGE = framesOf(GRANULE_ORDER['2m']);
const HUGE = framesOf(GRANULE_ORDER['1g']);

/** Which frames of a p2m were asked for or written, by granularity. */
export class EverClaimed {
  readonly small = new GranuleSet();
  readonly large = new GranuleSet();
  readonly huge = new GranuleSet();
  /** Highest gfn, -1 for none. */
  highest = -1;

  add(first: number, last: number): void {
    this.small.add(first, last);
    this.large.add(Math.floor(first / LARGE), Math.floor(last / LARGE));
    this.huge.add(Math.floor(first / HUGE), Math.floor(last / HUGE));
    if (last > this.highest) this.highest = last;
  }
}
