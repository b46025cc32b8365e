import type { AbstractAcquire } from './abstract-acquires.js';
import { Closure } from './closure.js';
import type { IntList } from './int-list.js';
import { excludes, type LockHistory } from './lock-history.js';
import { CAUSE, type OrderLog } from './order-log.js';
import { forEachPattern } from './patterns.js';

/** One pcpu of a cycle: it holds a lock that the one before it wants, and wants one that the next one holds. */
export interface Side {
  readonly pcpu: number;
  readonly held: number;
  readonly heldMode: number;
  readonly heldSite: number;
  /** Rows of both acquisitions, as recorded. */
  readonly heldRow: number;
  readonly wanted: number;
  readonly wantedMode: number;
  readonly wantedSite: number;
  readonly wantedRow: number;
}

/** A cycle, and what became of it. */
export interface LockCycle {
  readonly verdict: 'deadlock' | 'refuted' | 'undecided';
  /** Why it is none (CAUSES), -1 for a deadlock; of a lock, which. */
  readonly cause: number;
  readonly causeLock: number;
  readonly sides: readonly Side[];
  /** Up to here the other order is the recorded one. */
  readonly fromRow: number;
  /** By pcpu: its last row in the other order. */
  readonly stops: Int32Array;
}

/** Looks of all closures, at most: about a minute. */
const MOST_WORK = 200_000_000;
/** Cycles that are kept, and choices of pcpus that are tried of each. */
const MOST_CYCLES = 10_000;
const MOST_CHOICES = 20_000;

/**
 * Finds the deadlocks that a trace proves possible (SPDOffline). `acquires` are the abstract acquires of its history.
 * Of the cycles between the same locks at the same call sites the first deadlock is told, or else that there is none.
 */
export class DeadlockFinder {
  /** False if not all cycles were looked at. */
  isComplete = true;
  private readonly history: LockHistory;
  private readonly closure: Closure;
  private readonly acquires: readonly AbstractAcquire[];
  private readonly found = new Map<string, LockCycle>();

  constructor(history: LockHistory, orders: OrderLog, acquires: readonly AbstractAcquire[], pcpus: number) {
    this.history = history;
    this.closure = new Closure(history, orders, pcpus);
    this.acquires = acquires;
  }

  find(): LockCycle[] {
    const all = forEachPattern(this.acquires, pattern => this.look(pattern.map(i => this.acquires[i])));
    if (!all) this.isComplete = false;
    return [...this.found.values()];
  }

  private look(pattern: readonly AbstractAcquire[]): void {
    const key = keyOf(pattern);
    const known = this.found.get(key);
    if (known?.verdict === 'deadlock') return;
    if (known === undefined && this.found.size >= MOST_CYCLES) {
      this.isComplete = false;
      return;
    }
    const cycle = this.judge(pattern);
    if (cycle !== undefined && (known === undefined || cycle.verdict === 'deadlock')) this.found.set(key, cycle);
  }

  /** Tries the pcpus that may be at the sides of a pattern; undefined if there are not enough. */
  private judge(pattern: readonly AbstractAcquire[]): LockCycle | undefined {
    let refuted: LockCycle | undefined;
    let choices = 0;
    for (const pcpus of choicesOf(pattern)) {
      if (++choices > MOST_CHOICES || this.closure.work > MOST_WORK) {
        this.isComplete = false;
        return this.cycle(
          'undecided',
          pattern,
          pcpus,
          pattern.map(() => 0),
          CAUSE.budget,
        );
      }
      const cycle = this.decide(pattern, pcpus);
      if (cycle.verdict === 'deadlock') return cycle;
      refuted ??= cycle;
    }
    return refuted;
  }

  /** Looks for the first instances of which none must have happened before the others can. */
  private decide(pattern: readonly AbstractAcquire[], pcpus: readonly number[]): LockCycle {
    const { closure, history } = this;
    const lists = pattern.map(({ instances }, i) => instances.get(pcpus[i]) as IntList);
    const at = pattern.map(() => 0);
    const rowOf = (i: number) => history.row[lists[i].values[at[i]]];
    closure.begin();
    // What takes in the last instance of a side leaves none.
    const own = pattern.map(({ lock }) => lock);
    for (const [i, list] of lists.entries()) closure.limit(pcpus[i], history.row[list.values[list.length - 1]], own);
    for (;;) {
      for (const i of at.keys()) closure.raise(pcpus[i], rowOf(i) - 1, -1);
      closure.close();
      let isClear = true;
      for (const i of at.keys()) {
        if (closure.stops[pcpus[i]] < rowOf(i)) continue;
        isClear = false;
        const past = this.firstAfter(lists[i], at[i], closure.stops[pcpus[i]]);
        if (past === lists[i].length) {
          return this.cycle('refuted', pattern, pcpus, at, closure.causes[pcpus[i]], closure.causeLocks[pcpus[i]]);
        }
        at[i] = past;
      }
      if (isClear) break;
    }
    return this.latest(pattern, pcpus, at);
  }

  /** Index of the first instance behind a row. */
  private firstAfter(list: IntList, from: number, row: number): number {
    let [low, high] = [from, list.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.history.row[list.values[middle]] <= row) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The other order that leaves the recorded one as late as it can. */
  private latest(pattern: readonly AbstractAcquire[], pcpus: readonly number[], at: readonly number[]): LockCycle {
    const rows = pattern.map(({ instances }, i) => this.history.row[instances.get(pcpus[i])!.values[at[i]]]);
    let [low, high] = [0, Math.min(...rows)];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.isClear(pcpus, rows, middle)) low = middle;
      else high = middle - 1;
    }
    this.isClear(pcpus, rows, low);
    return this.cycle('deadlock', pattern, pcpus, at, -1, -1, low);
  }

  private isClear(pcpus: readonly number[], rows: readonly number[], from: number): boolean {
    const { closure } = this;
    closure.begin(from);
    for (const [i, row] of rows.entries()) closure.raise(pcpus[i], row - 1, -1);
    closure.close();
    return rows.every((row, i) => closure.stops[pcpus[i]] < row);
  }

  private cycle(
    verdict: LockCycle['verdict'],
    pattern: readonly AbstractAcquire[],
    pcpus: readonly number[],
    at: readonly number[],
    cause: number,
    causeLock = -1,
    fromRow = 0,
  ): LockCycle {
    const sides = pattern.map((acquire, i) => {
      const acquisition = acquire.instances.get(pcpus[i])!.values[at[i]];
      return this.side(acquisition, pattern[(i + pattern.length - 1) % pattern.length]);
    });
    return { verdict, cause, causeLock, sides, fromRow, stops: this.closure.stops.slice() };
  }

  /** An acquisition, inside the lock that `before` wants. */
  private side(acquisition: number, before: AbstractAcquire): Side {
    const { history } = this;
    const pcpu = history.pcpu[acquisition];
    let hold = history.top(pcpu, history.row[acquisition] - 1);
    while (!isBetween(history, history.acquisitionOf(hold), before)) hold = history.below(hold);
    const held = history.acquisitionOf(hold);
    return {
      pcpu,
      held: history.lock[held],
      heldMode: history.mode[held],
      heldSite: history.site[held],
      heldRow: history.row[held],
      wanted: history.lock[acquisition],
      wantedMode: history.mode[acquisition],
      wantedSite: history.site[acquisition],
      wantedRow: history.row[acquisition],
    };
  }
}

/** The hold is of the lock that `before` wants, and keeps it waiting. */
const isBetween = (history: LockHistory, held: number, before: AbstractAcquire): boolean =>
  history.lock[held] === before.lock && excludes(history.mode[held], before.mode);

/** The locks of a cycle with their modes and call sites, wherever else their pcpus were. */
function keyOf(pattern: readonly AbstractAcquire[]): string {
  const sides = pattern.map(({ lock, mode, site, held }, i) => {
    const before = pattern[(i + pattern.length - 1) % pattern.length];
    const inside = held.find(one => one.lock === before.lock && excludes(one.mode, before.mode));
    return `${inside?.lock}.${inside?.mode}.${inside?.site}>${lock}.${mode}.${site}`;
  });
  const first = sides.indexOf([...sides].sort()[0]);
  return [...sides.slice(first), ...sides.slice(0, first)].join(' ');
}

/** All ways to give each side of a pattern a pcpu of its own that was there. */
function* choicesOf(pattern: readonly AbstractAcquire[], chosen: readonly number[] = []): Generator<readonly number[]> {
  if (chosen.length === pattern.length) {
    yield chosen;
    return;
  }
  for (const [pcpu, { length }] of pattern[chosen.length].instances) {
    if (length > 0 && !chosen.includes(pcpu)) yield* choicesOf(pattern, [...chosen, pcpu]);
  }
}
