import type { EventBatch } from '../kernel/event-batch.js';
import { PRESENT } from '../schema/columns.js';
import { FLAG } from '../schema/flags.js';
import { KIND } from '../schema/kinds.js';
import { MODE_MUTEX, MODE_WRITE } from '../schema/xen-enums.js';

const K_LOCK_ACQUIRE = KIND.lock_acquire;
const K_LOCK_RELEASE = KIND.lock_release;
const K_LOST = KIND.lost;
const NOBODY = -1;

/**
 * Counts, while a trace is written, how often a pcpu takes a lock exclusively while another one has it. In the true
 * order that can't happen (docs/order.md). Why it did is found out afterwards (clock-skew.ts).
 */
export class LockOverlaps {
  /** Locks taken while another pcpu had them. */
  count = 0;
  /** By lock: the pcpu that holds it exclusively, and how often. */
  private holder = new Int32Array(1024).fill(NOBODY);
  private depth = new Int32Array(1024);

  /** Scans the rows of a batch from `from` on. */
  scan({ columns, present, rows }: EventBatch, from = 0): void {
    const { kind, lock, mode, pcpu, flags } = columns;
    for (let row = from; row < rows; row++) {
      const what = kind[row];
      if (what === K_LOST) this.holder.fill(NOBODY);
      if (what !== K_LOCK_ACQUIRE && what !== K_LOCK_RELEASE) continue;
      if ((present[row] & PRESENT.lock) === 0 || (flags[row] & FLAG.failed) !== 0) continue;
      if (mode[row] !== MODE_WRITE && mode[row] !== MODE_MUTEX) continue;
      if (lock[row] >= this.holder.length) this.grow(lock[row]);
      if (what === K_LOCK_ACQUIRE) this.acquire(lock[row], pcpu[row]);
      else if (this.holder[lock[row]] === pcpu[row] && --this.depth[lock[row]] === 0) this.holder[lock[row]] = NOBODY;
    }
  }

  private acquire(lock: number, pcpu: number): void {
    if (this.holder[lock] === pcpu) {
      this.depth[lock]++;
      return;
    }
    if (this.holder[lock] !== NOBODY) this.count++;
    this.holder[lock] = pcpu;
    this.depth[lock] = 1;
  }

  private grow(lock: number): void {
    const { holder, depth } = this;
    const room = 2 ** Math.ceil(Math.log2(lock + 1));
    this.holder = new Int32Array(room).fill(NOBODY);
    this.holder.set(holder);
    this.depth = new Int32Array(room);
    this.depth.set(depth);
  }
}
