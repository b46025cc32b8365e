import fc from 'fast-check';
import { AbstractAcquires } from '../../src/predict/abstract-acquires.js';
import { DeadlockFinder } from '../../src/predict/find-deadlocks.js';
import type { LockEdge } from '../../src/facts/lock-edge.js';
import { LockHistory } from '../../src/predict/lock-history.js';
import { CAUSE, OrderLog } from '../../src/predict/order-log.js';
import { suspects } from '../../src/predict/suspects.js';

export const MODES = { write: 1, read: 2 } as const;
export type Mode = keyof typeof MODES;

/** An event of a thread: a lock that is taken or given back, or a variable that is read or written. */
export interface Step {
  readonly thread: number;
  readonly op: 'acq' | 'rel' | 'r' | 'w';
  readonly what: number;
  readonly mode?: Mode;
}

/** What a random thread would like to do next; what it can't is left out. */
const wishes = (threads: number, locks: number, variables: number, most: number) =>
  fc.array(
    fc.record({
      thread: fc.nat(threads - 1),
      op: fc.constantFrom('acq', 'acq', 'acq', 'rel', 'rel', 'relany', 'r', 'w'),
      what: fc.nat(locks - 1),
      variable: fc.nat(variables - 1),
      mode: fc.constantFrom<Mode>('write', 'write', 'write', 'read'),
    }),
    { maxLength: most, minLength: 4 },
  );

interface Wish {
  readonly thread: number;
  readonly op: string;
  readonly what: number;
  readonly variable: number;
  readonly mode: Mode;
}

/** A trace in which locks exclude each other, of at most so many lock events. */
export const traces = (threads: number, locks: number, variables: number, mostLockEvents: number) =>
  wishes(threads, locks, variables, mostLockEvents * 2).map(all => legal(all, mostLockEvents));

function legal(all: readonly Wish[], mostLockEvents: number): Step[] {
  const steps: Step[] = [];
  const held: { thread: number; what: number; mode: Mode }[] = [];
  let lockEvents = 0;
  for (const { thread, op, what, variable, mode } of all) {
    if (op === 'r' || op === 'w') steps.push({ thread, op, what: variable });
    else if (lockEvents >= mostLockEvents) continue;
    else if (op === 'acq') {
      if (held.some(one => one.what === what && (one.thread === thread || one.mode === 'write' || mode === 'write')))
        continue;
      held.push({ thread, what, mode });
      steps.push({ thread, op, what, mode });
      lockEvents++;
    } else {
      const mine = held.filter(one => one.thread === thread);
      const one = op === 'rel' ? mine.at(-1) : mine[what % Math.max(mine.length, 1)];
      if (one === undefined) continue;
      held.splice(held.indexOf(one), 1);
      steps.push({ thread, op: 'rel', what: one.what, mode: one.mode });
      lockEvents++;
    }
  }
  return steps;
}

/** What the finder says of a trace, and its lock edges, as the replay would have them. */
export function findIn(steps: readonly Step[]) {
  const history = new LockHistory();
  const orders = new OrderLog();
  const edges = edgesOf(steps);
  const left = suspects(edges);
  const acquires = new AbstractAcquires(history, left);
  const written = new Map<number, { thread: number; row: number }>();
  let threads = 0;
  for (const [row, { thread, op, what, mode }] of steps.entries()) {
    threads = Math.max(threads, thread + 1);
    if (op === 'acq') {
      const acquisition = history.acquire(thread, what, MODES[mode ?? 'write'], row, row);
      if (acquisition !== 0) acquires.add(acquisition);
    } else if (op === 'rel') history.release(thread, what, MODES[mode ?? 'write'], row);
    else if (op === 'w') written.set(what, { thread, row });
    else {
      const write = written.get(what);
      if (write !== undefined) orders.add(thread, row, write.thread, write.row, CAUSE.content);
    }
  }
  const cycles = left.length === 0 ? [] : new DeadlockFinder(history, orders, acquires.all, threads).find();
  return { edges, suspects: left, cycles, threads };
}

function edgesOf(steps: readonly Step[]): LockEdge[] {
  const edges = new Map<string, LockEdge>();
  const held = new Map<number, { lock: number; mode: number }[]>();
  for (const { thread, op, what, mode: name } of steps) {
    if (op !== 'acq' && op !== 'rel') continue;
    const mine = held.get(thread) ?? [];
    held.set(thread, mine);
    const mode = MODES[name ?? 'write'];
    if (op === 'rel') {
      mine.splice(
        mine.findLastIndex(one => one.lock === what),
        1,
      );
      continue;
    }
    for (const one of mine) {
      const key = `${one.lock} ${one.mode} ${what} ${mode}`;
      const others = mine.filter(({ lock }) => lock !== one.lock);
      const known = edges.get(key);
      edges.set(key, {
        held: one.lock,
        heldMode: one.mode,
        acquired: what,
        acquiredMode: mode,
        pcpus: (known?.pcpus ?? 0) | (1 << thread),
        gates:
          known === undefined
            ? others.map(({ lock, mode: gate }) => ({ lock, mode: gate }))
            : known.gates.flatMap(gate => {
                const now = others.find(({ lock }) => lock === gate.lock);
                return now === undefined ? [] : [{ lock: gate.lock, mode: now.mode === MODES.read ? now.mode : gate.mode }];
              }),
      });
    }
    mine.push({ lock: what, mode });
  }
  return [...edges.values()];
}
