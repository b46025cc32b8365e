import fc from 'fast-check';
import { expect, test } from 'vitest';
import { allDeadlocks } from './exhaustive-search.js';
import { findIn, type Step, traces } from './small-trace.js';

const RUNS = Number(process.env.PREDICT_RUNS ?? 1500);

/** The rows that wait in each deadlock that the finder tells. */
const told = (steps: readonly Step[]) =>
  findIn(steps)
    .cycles.filter(({ verdict }) => verdict === 'deadlock')
    .map(({ sides }) =>
      sides
        .map(({ wantedRow }) => wantedRow)
        .sort((a, b) => a - b)
        .join(' '),
    );

test('finds what an exhaustive search of all sync-preserving reorderings finds, and nothing else', () => {
  let deadlocks = 0;
  fc.assert(
    fc.property(traces(3, 4, 2, 14), steps => {
      const all = allDeadlocks(steps);
      const found = told(steps);
      deadlocks += all.size;
      // Call sites are rows here, so every deadlock is a cycle of its own; pcpus wait in some order, told once.
      expect([...new Set(found)].sort()).toEqual([...all].sort());
    }),
    { numRuns: RUNS, seed: 20230617 },
  );
  expect(deadlocks).toBeGreaterThan(RUNS / 100);
});
