import { MODE_EXTERNAL, MODE_READ, MODE_WRITE } from '@p2mtrace/trace-format';
import { withRoom } from '../memory/frame-table.js';
import type { StateImage } from '../memory/state-image.js';

/** Owner of a lock that nobody holds exclusively, and depth of a lock for which it is unknown. */
export const NOBODY = -1;
export const UNKNOWN_DEPTH = -1;
/** Locks that a pcpu has room for at first. */
const STACK = 32;
/** Most locks that a pcpu can hold at once; Xen nests about a dozen, and Linux's lockdep gives up at 48. */
export const MAX_HELD = 64;

/** An acquisition that its pcpu has not released. */
export interface Held {
  readonly lock: number;
  readonly mode: number;
  readonly level: number;
  readonly seq: number;
  /** Index of the call site, -1 for none. */
  readonly caller: number;
}

/** Result of an acquisition or release, for code that judges it. */
export interface LockCheck {
  /** mm_lock_level of the pcpu before (docs/xen.md#lock-checks). */
  levelBefore: number;
  /** Xen checks this acquisition, and it breaks the order: levelBefore > level. */
  violation: boolean;
  /** Depth that the model expected, UNKNOWN_DEPTH if it can't know. */
  expectedDepth: number;
  /** Another pcpu that holds the lock exclusively, NOBODY if none is known to. */
  otherHolder: number;
}

/**
 * Locks by instance and the stacks of holders by pcpu, with Xen's own bookkeeping of mm lock levels
 * (docs/xen.md#lock-checks): equal levels are legal, read locks are checked and raise nothing, taking a held write lock
 * again is not checked, and the last release restores the level that the first acquisition saved.
 */
export class LockTable {
  /** By lock index: pcpu that holds it exclusively, recursion depth, level saved by the first acquisition. */
  owner = new Int32Array(64).fill(NOBODY);
  depth = new Int32Array(64).fill(UNKNOWN_DEPTH);
  private saved = new Int32Array(64);
  /** One more than the highest pcpu that has taken or released a lock. */
  pcpus = 0;
  /** mm_lock_level by pcpu, as far as the trace shows it. */
  private levels = new Int32Array(8);
  /** What each pcpu holds: STACK entries per pcpu, outermost first. */
  top = new Int32Array(8);
  private room = STACK;
  heldLock = new Int32Array(8 * STACK);
  heldMode = new Uint8Array(8 * STACK);
  heldLevel = new Int32Array(8 * STACK);
  heldCaller = new Int32Array(8 * STACK);
  heldSeq = new Float64Array(8 * STACK);
  /** Number that the fact recorder gave the acquisition, 0 for none. */
  heldTag = new Int32Array(8 * STACK);
  /** Reused by every call. */
  readonly check: LockCheck = { levelBefore: 0, violation: false, expectedDepth: UNKNOWN_DEPTH, otherHolder: NOBODY };

  /** Index of the innermost entry of a pcpu's stack, or one before `bottom` if it holds nothing. */
  innermost(pcpu: number): number {
    return pcpu < this.pcpus ? pcpu * this.room + this.top[pcpu] - 1 : -1;
  }

  /** Index of the outermost entry of a pcpu's stack. */
  bottom(pcpu: number): number {
    return pcpu < this.pcpus ? pcpu * this.room : 0;
  }

  /** What a pcpu holds, outermost first. */
  heldBy(pcpu: number): Held[] {
    const held: Held[] = [];
    for (let i = this.bottom(pcpu); i <= this.innermost(pcpu); i++) {
      held.push({
        lock: this.heldLock[i],
        mode: this.heldMode[i],
        level: this.heldLevel[i],
        seq: this.heldSeq[i],
        caller: this.heldCaller[i],
      });
    }
    return held;
  }

  private ready(pcpu: number, lock: number): void {
    if (pcpu >= this.pcpus) {
      this.pcpus = pcpu + 1;
      this.levels = withRoom(this.levels, this.pcpus);
      this.top = withRoom(this.top, this.pcpus);
      this.makeStacks(this.pcpus * this.room);
    }
    if (lock >= this.owner.length) {
      const known = this.owner.length;
      this.owner = withRoom(this.owner, lock + 1).fill(NOBODY, known);
      this.depth = withRoom(this.depth, lock + 1).fill(UNKNOWN_DEPTH, known);
      this.saved = withRoom(this.saved, lock + 1);
    }
  }

  private makeStacks(length: number): void {
    this.heldLock = withRoom(this.heldLock, length);
    this.heldMode = withRoom(this.heldMode, length);
    this.heldLevel = withRoom(this.heldLevel, length);
    this.heldCaller = withRoom(this.heldCaller, length);
    this.heldSeq = withRoom(this.heldSeq, length);
    this.heldTag = withRoom(this.heldTag, length);
  }

  /** `level` is 0 for a lock that is not an mm lock. The result is in `check`, which the next call reuses. */
  acquire(pcpu: number, lock: number, mode: number, level: number, recursive: boolean): LockCheck {
    this.ready(pcpu, lock);
    const { check } = this;
    const before = this.levels[pcpu];
    const mine = mode !== MODE_READ && this.owner[lock] === pcpu;
    const unchecked = mine && (mode === MODE_WRITE || recursive);
    check.levelBefore = before;
    check.violation = level > 0 && !unchecked && before > level;
    check.expectedDepth = UNKNOWN_DEPTH;
    check.otherHolder = NOBODY;
    if (mode === MODE_READ) return check;
    if (!mine) {
      if (mode !== MODE_EXTERNAL) check.otherHolder = this.owner[lock];
      if (this.depth[lock] === 0) check.expectedDepth = 1;
      this.owner[lock] = pcpu;
      this.depth[lock] = 1;
      this.saved[lock] = before;
    } else if (this.depth[lock] !== UNKNOWN_DEPTH) {
      check.expectedDepth = ++this.depth[lock];
    }
    // A write lock sets the level when first taken, a mutex each time (docs/xen.md#lock-checks).
    if (level > 0 && !(mine && mode === MODE_WRITE)) this.levels[pcpu] = level;
    return check;
  }

  /** True if Xen would refuse the pcpu a lock of this level. Xen checks before it spins, so it does not hold it yet. */
  wouldViolate(pcpu: number, lock: number, mode: number, level: number): boolean {
    const isMine = mode !== MODE_READ && lock < this.owner.length && this.owner[lock] === pcpu;
    return level > 0 && !isMine && this.level(pcpu) > level;
  }

  /** True if the pcpu holds MAX_HELD locks: then releases were not recorded. */
  isFull(pcpu: number): boolean {
    return pcpu < this.pcpus && this.top[pcpu] === MAX_HELD;
  }

  /**
   * Forgets the outermost hold of a pcpu, of which nobody recorded the release: whether the lock is free now is
   * unknown. Returns the hold's tag.
   */
  dropOutermost(pcpu: number): number {
    const at = this.bottom(pcpu);
    const [lock, tag] = [this.heldLock[at], this.heldTag[at]];
    this.remove(pcpu, at);
    if (this.owner[lock] === pcpu && !this.hasTaken(pcpu, lock)) {
      this.owner[lock] = NOBODY;
      this.depth[lock] = UNKNOWN_DEPTH;
    }
    return tag;
  }

  push(pcpu: number, lock: number, mode: number, level: number, seq: number, caller: number, tag: number): void {
    if (this.top[pcpu] === this.room) this.deepen();
    const at = pcpu * this.room + this.top[pcpu]++;
    this.heldLock[at] = lock;
    this.heldMode[at] = mode;
    this.heldLevel[at] = level;
    this.heldSeq[at] = seq;
    this.heldCaller[at] = caller;
    this.heldTag[at] = tag;
  }

  /** Makes room for deeper stacks; all of them move. */
  private deepen(): void {
    const stacks = Array.from({ length: this.pcpus }, (_, pcpu) => this.heldBy(pcpu));
    const tags = stacks.map((_, pcpu) => this.heldTag.slice(this.bottom(pcpu), this.innermost(pcpu) + 1));
    this.room *= 2;
    this.makeStacks(this.pcpus * this.room);
    this.top.fill(0);
    stacks.forEach((stack, pcpu) => {
      stack.forEach((h, i) => {
        this.push(pcpu, h.lock, h.mode, h.level, h.seq, h.caller, tags[pcpu][i]);
      });
    });
  }

  /**
   * Releases the innermost hold of the lock by this pcpu. A lock that another pcpu holds exclusively stays that pcpu's,
   * and its level stays as it is. If both hold it, which can't be, each releases its own. `depth` is the recorded depth
   * before the release, 0 for none. Returns the hold's tag, -1 if the trace did not see it taken; `check.expectedDepth`
   * is the depth before.
   */
  release(pcpu: number, lock: number, mode: number, depth = 0): number {
    this.ready(pcpu, lock);
    this.check.expectedDepth = UNKNOWN_DEPTH;
    const isRead = mode === MODE_READ;
    const owner = this.owner[lock];
    const isOwn = isRead || owner === NOBODY || owner === pcpu || this.hasTaken(pcpu, lock);
    const holder = isOwn ? pcpu : owner;
    const both = isOwn && owner !== NOBODY && owner !== pcpu;
    if (!isRead && !both) this.unlock(pcpu, lock, depth);
    const bottom = this.bottom(holder);
    for (let i = this.innermost(holder); i >= bottom; i--) {
      if (this.heldLock[i] !== lock || (this.heldMode[i] === MODE_READ) !== isRead) continue;
      const tag = this.heldTag[i];
      this.remove(holder, i);
      if (both && !isRead) this.levels[pcpu] = this.heldMmLevel(pcpu);
      return tag;
    }
    return -1;
  }

  /** True if the pcpu has taken the lock exclusively and not released it. */
  private hasTaken(pcpu: number, lock: number): boolean {
    for (let i = this.bottom(pcpu); i <= this.innermost(pcpu); i++) {
      if (this.heldLock[i] === lock && this.heldMode[i] !== MODE_READ) return true;
    }
    return false;
  }

  /** Level of the innermost lock held by the pcpu that has raised it, 0 for none. */
  private heldMmLevel(pcpu: number): number {
    for (let i = this.innermost(pcpu); i >= this.bottom(pcpu); i--) {
      if (this.heldLevel[i] > 0 && this.heldMode[i] !== MODE_READ) return this.heldLevel[i];
    }
    return 0;
  }

  private remove(pcpu: number, at: number): void {
    const end = this.innermost(pcpu) + 1;
    if (at + 1 < end) {
      for (const stack of [this.heldLock, this.heldMode, this.heldLevel, this.heldCaller, this.heldSeq, this.heldTag]) {
        stack.copyWithin(at, at + 1, end);
      }
    }
    this.top[pcpu]--;
  }

  private unlock(pcpu: number, lock: number, recorded: number): void {
    const owner = this.owner[lock];
    if (owner !== NOBODY) this.check.expectedDepth = this.depth[lock];
    // A lock taken before the trace saw it, and only once as far as is known, is free from now on.
    const before = recorded > 0 ? recorded : owner !== NOBODY ? Math.max(this.depth[lock], 1) : 1;
    this.depth[lock] = before - 1;
    if (owner === NOBODY || before > 1) return;
    this.owner[lock] = NOBODY;
    if (owner === pcpu) this.levels[pcpu] = this.saved[lock];
  }

  /** Corrects the depth to the recorded one. */
  setDepth(lock: number, depth: number): void {
    this.depth[lock] = depth;
  }

  /** Sets what is known about a lock itself: `owner` -1 for nobody; `saved` is what its last release restores. */
  learn(lock: number, owner: number, depth: number, saved: number): void {
    this.ready(Math.max(owner, 0), lock);
    this.owner[lock] = depth === 0 ? NOBODY : owner;
    this.depth[lock] = depth;
    this.saved[lock] = saved;
  }

  /** Level that the last release of a lock restores. */
  savedLevel(lock: number): number {
    return this.saved[lock];
  }

  /** mm_lock_level of a pcpu. */
  level(pcpu: number): number {
    return pcpu < this.pcpus ? this.levels[pcpu] : 0;
  }

  setLevel(pcpu: number, level: number): void {
    this.ready(pcpu, 0);
    this.levels[pcpu] = level;
  }

  transfer(image: StateImage): void {
    this.owner = image.array('owner', this.owner);
    this.depth = image.array('depth', this.depth);
    this.saved = image.array('saved', this.saved);
    this.pcpus = image.number('pcpus', this.pcpus);
    this.levels = image.array('levels', this.levels);
    this.top = image.array('top', this.top);
    this.room = image.number('room', this.room);
    this.heldLock = image.array('heldLock', this.heldLock);
    this.heldMode = image.array('heldMode', this.heldMode);
    this.heldLevel = image.array('heldLevel', this.heldLevel);
    this.heldCaller = image.array('heldCaller', this.heldCaller);
    this.heldSeq = image.array('heldSeq', this.heldSeq);
    if (image.loading) this.heldTag = new Int32Array(this.heldLock.length);
  }

  /**
   * Loss on a pcpu: what it holds is unknown (docs/replay.md#domains-pcpus-loss), and so is whether it has taken locks
   * that nobody held.
   */
  forget(pcpu: number): void {
    this.ready(pcpu, 0);
    this.top[pcpu] = 0;
    this.levels[pcpu] = 0;
    for (let lock = 0; lock < this.owner.length; lock++) {
      // A lock that nobody held may have been taken meanwhile.
      if (this.owner[lock] !== pcpu && this.owner[lock] !== NOBODY) continue;
      this.owner[lock] = NOBODY;
      this.depth[lock] = UNKNOWN_DEPTH;
    }
  }
}
