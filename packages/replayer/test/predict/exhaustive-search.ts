import type { Step } from './small-trace.js';

/**
 * Every deadlock that a sync-preserving correct reordering of a trace can end in, by trying all: from the start, any
 * thread may do its next event if
 *
 * - its lock is free for it, and no acquisition that excludes it and is later in the trace has been made: what was
 *   passed over is never made;
 * - a read sees the write that it saw;
 * - of a lock that one thread took and another one gave back (how they knew of each other is not recorded): what the
 *   other one did in between comes after what the first one did before that, its release after all before it, and the
 *   first one goes on after it. None of both is taken for waiting in between, as it is not known who had the lock.
 *
 * Keys are the rows of the acquisitions that wait, sorted.
 */
export function allDeadlocks(steps: readonly Step[]): Set<string> {
  const threads = [...new Set(steps.map(({ thread }) => thread))].sort((a, b) => a - b);
  const rowsOf = threads.map(thread => [...steps.keys()].filter(row => steps[row].thread === thread));
  const sees = seenWrites(steps);
  const handovers = handoversOf(steps);
  const found = new Set<string>();
  const known = new Set<string>();

  // How far each thread has come, and which write of each variable was the last.
  const visit = (at: readonly number[], writes: ReadonlyMap<number, number>) => {
    const key = `${at} ${[...writes].sort()}`;
    if (known.has(key)) return;
    known.add(key);
    const done = new Set(threads.flatMap((_, t) => rowsOf[t].slice(0, at[t])));
    for (const rows of circlesOf(steps, threads, rowsOf, at)) {
      // Who waits has come to what it waits for.
      const isClear = rows.every(row =>
        handovers.every(one => !isDuring(steps[row].thread, row, one) && mayFollow(steps, row, done, one)),
      );
      if (isClear) found.add(rows.join(' '));
    }
    for (const t of threads.keys()) {
      const row = rowsOf[t][at[t]];
      if (row === undefined || !mayCome(steps, row, done, writes, sees)) continue;
      if (!handovers.every(one => mayFollow(steps, row, done, one))) continue;
      const next = at.map((n, i) => (i === t ? n + 1 : n));
      visit(next, steps[row].op === 'w' ? new Map([...writes, [steps[row].what, row]]) : writes);
    }
  };
  visit(
    threads.map(() => 0),
    new Map(),
  );
  return found;
}

/** A lock that `taker` took and `giver` gave back, at these rows. */
interface Handover {
  readonly taker: number;
  readonly giver: number;
  readonly taken: number;
  readonly given: number;
}

const handoversOf = (steps: readonly Step[]): Handover[] =>
  steps.flatMap(({ thread: giver, taker, what }, given) => {
    if (taker === undefined) return [];
    const taken = steps.findLastIndex(
      (one, row) => row < given && one.op === 'acq' && one.thread === taker && one.what === what,
    );
    return [{ taker, giver, taken, given }];
  });

const isDuring = (thread: number, row: number, { taker, giver, taken, given }: Handover): boolean =>
  (thread === taker || thread === giver) && row > taken && row < given;

function mayFollow(
  steps: readonly Step[],
  row: number,
  done: ReadonlySet<number>,
  { taker, giver, taken, given }: Handover,
): boolean {
  const { thread } = steps[row];
  const areDone = (before: number, isOf: (thread: number) => boolean) =>
    steps.slice(0, before).every((step, at) => !isOf(step.thread) || done.has(at));
  if (row === given) return areDone(given, () => true);
  if (thread === taker && row > given) return done.has(given);
  if (thread === giver && row > taken && row < given) return areDone(row, one => one === taker);
  return true;
}

/** By row of a read: the row of the write that it sees, -1 for none. */
function seenWrites(steps: readonly Step[]): ReadonlyMap<number, number> {
  const last = new Map<number, number>();
  const sees = new Map<number, number>();
  for (const [row, { op, what }] of steps.entries()) {
    if (op === 'w') last.set(what, row);
    if (op === 'r') sees.set(row, last.get(what) ?? -1);
  }
  return sees;
}

const isExclusive = (a: Step, b: Step): boolean => a.mode !== 'read' || b.mode !== 'read';

function mayCome(
  steps: readonly Step[],
  row: number,
  done: ReadonlySet<number>,
  writes: ReadonlyMap<number, number>,
  sees: ReadonlyMap<number, number>,
): boolean {
  const step = steps[row];
  if (step.op === 'r') return (writes.get(step.what) ?? -1) === sees.get(row);
  if (step.op !== 'acq') return true;
  for (const other of done) {
    const theirs = steps[other];
    if (theirs.op !== 'acq' || theirs.what !== step.what || !isExclusive(theirs, step)) continue;
    // What is made now comes after what was made before: so it must in the trace.
    if (other > row) return false;
    if (theirs.thread !== step.thread && !done.has(releaseOf(steps, other))) return false;
  }
  return true;
}

/** Row of the release of what was acquired there, one that does not exist where there is none. */
function releaseOf(steps: readonly Step[], row: number): number {
  const { thread, what } = steps[row];
  return steps.findIndex(
    (step, at) => at > row && step.op === 'rel' && (step.taker ?? step.thread) === thread && step.what === what,
  );
}

/** Circles of threads each of which is about to take what the next one holds. */
function circlesOf(
  steps: readonly Step[],
  threads: readonly number[],
  rowsOf: readonly (readonly number[])[],
  at: readonly number[],
): number[][] {
  const isGiven = (row: number) => {
    const end = releaseOf(steps, row);
    const giver = end < 0 ? -1 : threads.indexOf(steps[end].thread);
    return giver >= 0 && rowsOf[giver].indexOf(end) < at[giver];
  };
  const holders = (step: Step) =>
    [...threads.keys()].filter(t => {
      if (threads[t] === step.thread) return false;
      const acquired = rowsOf[t]
        .slice(0, at[t])
        .findLast(row => steps[row].op === 'acq' && steps[row].what === step.what);
      return acquired !== undefined && !isGiven(acquired) && isExclusive(steps[acquired], step);
    });
  const circles: number[][] = [];
  const follow = (path: readonly number[]) => {
    const row = rowsOf[path[path.length - 1]][at[path[path.length - 1]]];
    if (row === undefined || steps[row].op !== 'acq') return;
    for (const t of holders(steps[row])) {
      if (t === path[0]) {
        // Two of them that want the same lock are no circle of locks: a shorter one is.
        const rows = path.map(member => rowsOf[member][at[member]]);
        if (new Set(rows.map(one => steps[one].what)).size === rows.length) circles.push(rows.sort((a, b) => a - b));
      } else if (!path.includes(t)) follow([...path, t]);
    }
  };
  for (const t of threads.keys()) follow([t]);
  return circles;
}
