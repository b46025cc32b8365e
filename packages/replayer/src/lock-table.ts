import { MODE_READ, MODE_WRITE } from '@p2mtrace/trace-format';
import { withRoom } from './frame-table.js';

/** A lock that nobody holds exclusively, as far as is known. */
export const NOBODY = -1;

/** One acquisition that a pcpu has not released. */
export interface Held {
  readonly lock: number;
  readonly mode: number;
  readonly level: number;
  readonly seq: number;
  readonly caller: number;
  /** Number that the fact recorder gave the span. */
  readonly tag: number;
}

/** Result of an acquisition, for whoever judges it. */
export interface LockCheck {
  /** mm_lock_level of the pcpu before (X§2.2). */
  levelBefore: number;
  /** Xen checks this acquisition, and it breaks the order: levelBefore > level. */
  violation: boolean;
  /** Depth that the model expected, NaN where it can't know. */
  expectedDepth: number;
}

/**
 * Locks by instance and the stacks of holders by pcpu, with Xen's own bookkeeping of mm lock levels (X§2.2):
 * equal levels are legal, read locks are checked and raise nothing, taking a held write lock again is not checked,
 * and a release restores the level that the first acquisition saved.
 */
export class LockTable {
  /** By lock index: pcpu that holds it exclusively, recursion depth (NaN: unknown), level saved at the first take. */
  owner = new Int32Array(64).fill(NOBODY);
  depth = new Float64Array(64).fill(Number.NaN);
  private saved = new Float64Array(64);
  /** By pcpu: held locks, outermost first; and mm_lock_level as far as the trace shows it. */
  readonly held: Held[][] = [];
  readonly levels: number[] = [];
  readonly check: LockCheck = { levelBefore: 0, violation: false, expectedDepth: 0 };

  /** Makes room for a pcpu and a lock. */
  private ready(pcpu: number, lock: number): void {
    while (this.held.length <= pcpu) {
      this.held.push([]);
      this.levels.push(0);
    }
    if (lock >= this.owner.length) {
      const known = this.owner.length;
      this.owner = withRoom(this.owner, lock + 1).fill(NOBODY, known);
      this.depth = withRoom(this.depth, lock + 1).fill(Number.NaN, known);
      this.saved = withRoom(this.saved, lock + 1);
    }
  }

  /** `level` 0 for a lock that is no mm lock. The result is in `check`, which the next call reuses. */
  acquire(pcpu: number, lock: number, mode: number, level: number, recursive: boolean): LockCheck {
    this.ready(pcpu, lock);
    const { check } = this;
    const before = this.levels[pcpu];
    const mine = mode !== MODE_READ && this.owner[lock] === pcpu;
    const unchecked = mine && (mode === MODE_WRITE || recursive);
    check.levelBefore = before;
    check.violation = level > 0 && !unchecked && before > level;
    if (mode === MODE_READ) {
      check.expectedDepth = Number.NaN;
      return check;
    }
    const known = this.depth[lock];
    check.expectedDepth = mine ? known + 1 : known === 0 ? 1 : Number.NaN;
    if (!mine) {
      this.owner[lock] = pcpu;
      this.depth[lock] = 0;
      this.saved[lock] = before;
    }
    this.depth[lock]++;
    if (level > 0) this.levels[pcpu] = level;
    return check;
  }

  push(pcpu: number, held: Held): void {
    this.held[pcpu].push(held);
  }

  /** Releases the innermost hold of the lock by this pcpu; undefined where the trace did not see it taken. */
  release(pcpu: number, lock: number, mode: number): Held | undefined {
    this.ready(pcpu, lock);
    this.check.expectedDepth = Number.NaN;
    if (mode !== MODE_READ) this.unlock(pcpu, lock);
    const stack = this.held[pcpu];
    for (let i = stack.length - 1; i >= 0; i--) {
      const entry = stack[i];
      if (entry.lock !== lock || (entry.mode === MODE_READ) !== (mode === MODE_READ)) continue;
      if (i === stack.length - 1) stack.pop();
      else stack.splice(i, 1);
      return entry;
    }
    return undefined;
  }

  private unlock(pcpu: number, lock: number): void {
    if (this.owner[lock] !== pcpu) {
      // Taken before the trace saw it: from now on it is free.
      this.depth[lock] = this.owner[lock] === NOBODY ? 0 : this.depth[lock];
      return;
    }
    this.check.expectedDepth = this.depth[lock];
    if (--this.depth[lock] > 0) return;
    this.owner[lock] = NOBODY;
    this.levels[pcpu] = this.saved[lock];
  }

  /** Corrects the depth to what was recorded. */
  setDepth(lock: number, depth: number): void {
    this.depth[lock] = depth;
  }

  /** Loss on a pcpu: what it holds is unknown (model §2.2). */
  forget(pcpu: number): void {
    this.ready(pcpu, 0);
    this.held[pcpu] = [];
    this.levels[pcpu] = 0;
    for (let lock = 0; lock < this.owner.length; lock++) {
      if (this.owner[lock] !== pcpu) continue;
      this.owner[lock] = NOBODY;
      this.depth[lock] = Number.NaN;
    }
  }
}
