import type { Step } from './small-trace.js';

/**
 * Every deadlock that a sync-preserving correct reordering of a trace can end in, by trying all: from the start, any
 * thread may do its next event if
 *
 * - its lock is free for it, and no acquisition that excludes it and is later in the trace has been made: what was
 *   passed over is never made;
 * - a read sees the write that it saw.
 *
 * Keys are the rows of the acquisitions that wait, sorted.
 */
export function allDeadlocks(steps: readonly Step[]): Set<string> {
  const threads = [...new Set(steps.map(({ thread }) => thread))].sort((a, b) => a - b);
  const rowsOf = threads.map(thread => [...steps.keys()].filter(row => steps[row].thread === thread));
  const sees = seenWrites(steps);
  const found = new Set<string>();
  const known = new Set<string>();

  // How far each thread has come, and which write of each variable was the last.
  const visit = (at: readonly number[], writes: ReadonlyMap<number, number>) => {
    const key = `${at} ${[...writes].sort()}`;
    if (known.has(key)) return;
    known.add(key);
    const done = new Set(threads.flatMap((_, t) => rowsOf[t].slice(0, at[t])));
    for (const circle of circlesOf(steps, threads, rowsOf, at)) found.add(circle);
    for (const t of threads.keys()) {
      const row = rowsOf[t][at[t]];
      if (row === undefined || !mayCome(steps, row, done, writes, sees)) continue;
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
  return steps.findIndex((step, at) => at > row && step.op === 'rel' && step.thread === thread && step.what === what);
}

/** Circles of threads each of which is about to take what the next one holds. */
function circlesOf(
  steps: readonly Step[],
  threads: readonly number[],
  rowsOf: readonly (readonly number[])[],
  at: readonly number[],
): string[] {
  const holders = (step: Step) =>
    [...threads.keys()].filter(t => {
      if (threads[t] === step.thread) return false;
      const acquired = rowsOf[t]
        .slice(0, at[t])
        .findLast(row => ['acq', 'rel'].includes(steps[row].op) && steps[row].what === step.what);
      return acquired !== undefined && steps[acquired].op === 'acq' && isExclusive(steps[acquired], step);
    });
  const circles: string[] = [];
  const follow = (path: readonly number[]) => {
    const row = rowsOf[path[path.length - 1]][at[path[path.length - 1]]];
    if (row === undefined || steps[row].op !== 'acq') return;
    for (const t of holders(steps[row])) {
      if (t === path[0]) {
        // Two of them that want the same lock are no circle of locks: a shorter one is.
        const rows = path.map(member => rowsOf[member][at[member]]);
        if (new Set(rows.map(one => steps[one].what)).size === rows.length)
          circles.push(rows.sort((a, b) => a - b).join(' '));
      } else if (!path.includes(t)) follow([...path, t]);
    }
  };
  for (const t of threads.keys()) follow([t]);
  return circles;
}
