import fc from 'fast-check';
import type { LockEdge } from '../../src/facts/lock-edge.js';
import { AbstractAcquires } from '../../src/predict/abstract-acquires.js';
import { DeadlockFinder } from '../../src/predict/find-deadlocks.js';
import { LockHistory } from '../../src/predict/lock-history.js';
import { CAUSE, OrderLog } from '../../src/predict/order-log.js';
import { suspects } from '../../src/predict/suspects.js';

const MODES = { write: 1, read: 2 } as const;
type Mode = keyof typeof MODES;

/** An event of a thread: a lock that is taken or given back, or a variable that is read or written. */
export interface Step {
  readonly thread: number;
  readonly op: 'acq' | 'rel' | 'r' | 'w';
  readonly what: number;
  readonly mode?: Mode;
  /** Of a release: the thread that took the lock, if that is another one. */
  readonly taker?: number;
}

/** A section of a thread: locks one inside the other, something done in it or before it, and in which order they end. */
const section = (locks: number, variables: number) =>
  fc.record({
    locks: fc.uniqueArray(fc.record({ what: fc.nat(locks - 1), isRead: fc.nat(5).map(n => n === 0) }), {
      selector: ({ what }) => what,
      minLength: 1,
      maxLength: 3,
    }),
    access: fc.option(
      fc.record({ op: fc.constantFrom('r' as const, 'w' as const), what: fc.nat(variables - 1), at: fc.nat(3) }),
      { freq: 1 },
    ),
    isInOrder: fc.nat(3).map(n => n > 0),
    /** Threads on from its own that gives back its first lock, now and then. */
    giver: fc.nat(7),
  });

/** A trace of threads with such sections, in which locks exclude each other, of at most so many lock events. */
export const traces = (threads: number, locks: number, variables: number, mostLockEvents: number) =>
  fc
    .tuple(
      fc.array(fc.array(section(locks, variables), { maxLength: 3, minLength: 1 }), {
        minLength: 2,
        maxLength: threads,
      }),
      fc.array(fc.nat(threads - 1), { maxLength: 60 }),
    )
    .map(([programs, turns]) =>
      scheduled(
        programs.map((sections, thread) => sections.flatMap(one => stepsOf(thread, one, programs.length))),
        turns,
        mostLockEvents,
      ),
    );

type Section = ReturnType<typeof section> extends fc.Arbitrary<infer T> ? T : never;

function stepsOf(thread: number, { locks, access, isInOrder, giver }: Section, threads: number): Step[] {
  const step = (op: 'acq' | 'rel') => (lock: Section['locks'][number]) => ({
    thread,
    op,
    what: lock.what,
    mode: lock.isRead ? ('read' as const) : ('write' as const),
  });
  const steps: Step[] = locks.map(step('acq'));
  if (access !== null) steps.splice(Math.min(access.at, steps.length), 0, { thread, op: access.op, what: access.what });
  const releases: Step[] = (isInOrder ? locks.toReversed() : locks).map(step('rel'));
  const given = releases.findIndex(({ what, mode }) => what === locks[0].what && mode === 'write');
  if (given >= 0 && giver > 0 && giver < threads) {
    releases[given] = { ...releases[given], thread: (thread + giver) % threads, taker: thread };
  }
  return [...steps, ...releases];
}

/** The threads' steps in an order in which locks exclude each other: whose turn it is goes on, or else the next. */
function scheduled(programs: readonly Step[][], turns: readonly number[], mostLockEvents: number): Step[] {
  const at = programs.map(() => 0);
  const held: { thread: number; what: number; mode: Mode }[] = [];
  const steps: Step[] = [];
  const mayGo = (step: Step | undefined) =>
    step !== undefined &&
    (step.op !== 'acq' ||
      !held.some(({ what, mode }) => what === step.what && (mode === 'write' || step.mode === 'write')));
  for (let turn = 0, lockEvents = 0; lockEvents < mostLockEvents; turn++) {
    const first = turns[turn] ?? turn;
    const thread = programs.map((_, i) => (first + i) % programs.length).find(i => mayGo(programs[i][at[i]]));
    if (thread === undefined) break;
    const step = programs[thread][at[thread]++];
    steps.push(step);
    if (step.op === 'acq') held.push({ thread, what: step.what, mode: step.mode as Mode });
    else if (step.op === 'rel') {
      held.splice(
        held.findIndex(one => one.thread === (step.taker ?? thread) && one.what === step.what),
        1,
      );
    }
    if (step.op === 'acq' || step.op === 'rel') lockEvents++;
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
  const lastRows: number[] = [];
  for (const [row, { thread, op, what, mode, taker }] of steps.entries()) {
    threads = Math.max(threads, thread + 1);
    if (op === 'acq') {
      const acquisition = history.acquire(thread, what, MODES[mode ?? 'write'], row, row);
      if (acquisition !== 0) acquires.add(acquisition);
    } else if (op === 'rel' && taker !== undefined) {
      const handover = history.releaseFor(taker, thread, what, MODES[mode ?? 'write'], row);
      if (handover !== undefined) for (const either of [taker, thread]) acquires.withdraw(either, handover.taken);
      for (const [other, last] of lastRows.entries()) {
        if (last !== undefined) orders.add(thread, row, other, last, CAUSE.release);
      }
      orders.add(taker, row, thread, row, CAUSE.release);
    } else if (op === 'rel') history.release(thread, what, MODES[mode ?? 'write'], row);
    else if (op === 'w') written.set(what, { thread, row });
    else {
      const write = written.get(what);
      if (write !== undefined) orders.add(thread, row, write.thread, write.row, CAUSE.content);
    }
    lastRows[thread] = row;
  }
  const cycles = left.length === 0 ? [] : new DeadlockFinder(history, orders, acquires.all, threads).find();
  return { edges, suspects: left, cycles, threads };
}

function edgesOf(steps: readonly Step[]): LockEdge[] {
  const edges = new Map<string, LockEdge>();
  const held = new Map<number, { lock: number; mode: number }[]>();
  for (const { thread: giver, op, what, mode: name, taker } of steps) {
    if (op !== 'acq' && op !== 'rel') continue;
    const thread = taker ?? giver;
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
                return now === undefined
                  ? []
                  : [{ lock: gate.lock, mode: now.mode === MODES.read ? now.mode : gate.mode }];
              }),
      });
    }
    mine.push({ lock: what, mode });
  }
  return [...edges.values()];
}
