import { isValid } from '@p2mtrace/trace-format';
import type { LockTable } from '../lock-table.js';
import type { MakeCheck } from './check.js';

const BOUND_MS = 10;
const TIMES_USUAL = 100;
const ENOUGH_HOLDS = 100;
/** Buckets of a histogram: eight between two powers of two, up to 2^32. */
const BUCKETS = 33 * 8;
/** Longest holds kept of each class and mode, until the trace's end tells what is usual. */
const KEPT = 1024;

interface Hold {
  readonly ticks: number;
  readonly lock: number;
  readonly pcpu: number;
  readonly caller: number;
  readonly at: readonly number[];
}

/** What is known of the holds of one class in one mode: how many of which length, and the longest. */
class Holds {
  readonly lockClass: number;
  count = 0;
  longest: Hold[] = [];
  /** Holds shorter than this are not kept. */
  floor = 0;
  private readonly histogram = new Uint32Array(BUCKETS);

  constructor(lockClass: number) {
    this.lockClass = lockClass;
  }

  note(ticks: number): void {
    this.count++;
    this.histogram[bucketOf(ticks)]++;
  }

  keep(hold: Hold): void {
    this.longest.push(hold);
    if (this.longest.length < 2 * KEPT) return;
    this.longest = this.longest.sort((a, b) => b.ticks - a.ticks).slice(0, KEPT);
    this.floor = this.longest[KEPT - 1].ticks;
  }

  /** Upper end of the bucket that has it. */
  median(): number {
    let below = 0;
    const bucket = this.histogram.findIndex(holds => {
      below += holds;
      return 2 * below >= this.count;
    });
    return 2 ** Math.floor(bucket / 8) * (1 + ((bucket % 8) + 1) / 8);
  }
}

/** The highest bit of the ticks, and the three below it. */
function bucketOf(ticks: number): number {
  if (ticks >= 2 ** 32) return BUCKETS - 1;
  const power = 31 - Math.clz32(ticks);
  return power < 3 ? power * 8 : power * 8 + ((ticks >>> (power - 3)) & 7);
}

/** lock-order.long-hold: held for longer than a bound, or than is usual for a lock of its class and mode. */
export const lockDuration: MakeCheck = ({ state, now, head, report }) => {
  const { locks } = state;
  const lockFacts = state.facts?.locks;
  const bound = ((head.metadata.tscHz ?? Number.POSITIVE_INFINITY) / 1000) * BOUND_MS;
  /** By class + 1 and mode. */
  const all: Holds[] = [];

  const holdsOf = (lockClass: number, mode: number): Holds => {
    const key = (lockClass + 1) * 4 + mode;
    all[key] ??= new Holds(lockClass);
    return all[key];
  };

  const reportLong = (detail: 'bound' | 'median', lockClass: number, hold: Hold) => {
    const { ticks, ...columns } = hold;
    report({ breach: 'long-hold', detail, lock_class: lockClass, count: ticks, ...columns });
  };

  return {
    before: {
      lock_release: ({ columns: c, validity: v }, row) => {
        if (!isValid(v.pcpu, row)) return;
        const lock = c.lock[row];
        const pcpu = c.pcpu[row];
        const mode = c.mode[row];
        // Of one that was taken again the outermost hold counts.
        const own = onlyHold(locks, pcpu, lock);
        if (own < 0 || locks.heldMode[own] !== mode) return;
        const ticks = lockFacts?.ticksHeld(locks.heldTag[own]) ?? 0;
        if (!(ticks >= 1)) return;
        const holds = holdsOf(isValid(v.lock_class, row) ? c.lock_class[row] : -1, mode);
        holds.note(ticks);
        if (ticks <= bound && ticks <= holds.floor) return;
        const hold = { ticks, lock, pcpu, caller: locks.heldCaller[own], at: [locks.heldSeq[own], now.seq] };
        if (ticks > bound) reportLong('bound', holds.lockClass, hold);
        else holds.keep(hold);
      },
    },
    end: () => {
      for (const holds of all.filter(({ lockClass, count }) => lockClass >= 0 && count >= ENOUGH_HOLDS)) {
        const usual = holds.median();
        for (const hold of holds.longest) {
          if (hold.ticks > TIMES_USUAL * usual) reportLong('median', holds.lockClass, hold);
        }
      }
    },
  };
};

/** Index in the stacks of the lock, where the pcpu holds it once; else -1. */
function onlyHold(locks: LockTable, pcpu: number, lock: number): number {
  const bottom = locks.bottom(pcpu);
  let own = -1;
  for (let i = locks.innermost(pcpu); i >= bottom; i--) {
    if (locks.heldLock[i] !== lock) continue;
    if (own >= 0) return -1;
    own = i;
  }
  return own;
}
