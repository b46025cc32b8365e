import { PCPUS } from './last-writes.js';
import type { OrderLog } from './order-log.js';

/**
 * Who has had to do with something since it began: what ends it comes after all of them, and they come after what
 * began it.
 */
export class Touches {
  /** Row of the last event about it, by key and pcpu. */
  private readonly rows = new Map<number, number>();
  /** One more than the highest pcpu. */
  private pcpus = 0;

  touch(key: number, pcpu: number, row: number): void {
    if (pcpu >= this.pcpus) this.pcpus = pcpu + 1;
    this.rows.set(key * PCPUS + pcpu, row);
  }

  /** The event comes after all that were told so far. */
  joinAll(key: number, pcpu: number, row: number, orders: OrderLog, cause: number): void {
    for (let other = 0; other < this.pcpus; other++) {
      const last = this.rows.get(key * PCPUS + other);
      if (last !== undefined) orders.add(pcpu, row, other, last, cause);
    }
  }

  forget(key: number): void {
    for (let pcpu = 0; pcpu < this.pcpus; pcpu++) this.rows.delete(key * PCPUS + pcpu);
  }
}
