import { framesOf } from '../memory/order.js';
import { GRANULE_ORDER } from './design.js';
import { GranuleSet } from './granule-set.js';

const LARGE = framesOf(GRANULE_ORDER['2m']);
const HUGE = framesOf(GRANULE_ORDER['1g']);

/** Which frames of a p2m were asked for or written, by granularity. */
export class EverClaimed {
  readonly '4k' = new GranuleSet();
  readonly '2m' = new GranuleSet();
  readonly '1g' = new GranuleSet();
  /** Highest gfn, -1 for none. */
  highest = -1;

  add(first: number, last: number): void {
    this['4k'].add(first, last);
    this['2m'].add(Math.floor(first / LARGE), Math.floor(last / LARGE));
    this['1g'].add(Math.floor(first / HUGE), Math.floor(last / HUGE));
    if (last > this.highest) this.highest = last;
  }
}
