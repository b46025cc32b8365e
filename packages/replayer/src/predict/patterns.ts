import type { AbstractAcquire } from './abstract-acquires.js';
import { excludes } from './lock-history.js';

/** Steps of the search for all cycles, at most: some seconds. */
const MOST_STEPS = 20_000_000;

/**
 * Tells of every cycle of abstract acquires in which each waits for a lock that the next one holds, and no two hold a
 * lock that excludes the other: the abstract deadlock patterns of the paper, before pcpus are chosen. The first of a
 * cycle is the one of least index. Returns false if there are more than can be looked for.
 */
export function forEachPattern(all: readonly AbstractAcquire[], tell: (pattern: readonly number[]) => void): boolean {
  const holders = new Map<number, number[]>();
  for (const [i, { held }] of all.entries()) {
    for (const { lock } of held) {
      const others = holders.get(lock);
      if (others === undefined) holders.set(lock, [i]);
      else others.push(i);
    }
  }
  const following = all.map(acquire =>
    (holders.get(acquire.lock) ?? []).filter(i => waitsFor(acquire, all[i]) && areDisjoint(acquire, all[i])),
  );
  let steps = 0;
  for (const first of all.keys()) {
    const path = [first];
    const nexts = [0];
    while (path.length > 0) {
      if (++steps > MOST_STEPS) return false;
      const last = path[path.length - 1];
      const next = following[last][nexts[nexts.length - 1]++];
      if (next === undefined) {
        path.pop();
        nexts.pop();
      } else if (next === first && path.length > 1) tell(path);
      else if (next > first && canJoin(all, path, next)) {
        path.push(next);
        nexts.push(0);
      }
    }
  }
  return true;
}

/** It waits for a lock that the other one holds. */
const waitsFor = (acquire: AbstractAcquire, { held }: AbstractAcquire): boolean =>
  held.some(({ lock, mode }) => lock === acquire.lock && excludes(mode, acquire.mode));

/** Two pcpus can hold at once what these two hold. */
const areDisjoint = ({ held }: AbstractAcquire, other: AbstractAcquire): boolean =>
  !held.some(({ lock, mode }) => other.held.some(theirs => theirs.lock === lock && excludes(mode, theirs.mode)));

/** It is not in the path, wants another lock than all in it, and holds nothing that keeps them out. */
const canJoin = (all: readonly AbstractAcquire[], path: readonly number[], next: number): boolean =>
  path.every(i => i !== next && all[i].lock !== all[next].lock && areDisjoint(all[i], all[next]));
