import type { LockEdge } from '../facts/lock-edge.js';
import { excludes } from './lock-history.js';

/** More than this many looks at pairs of edges are not taken: what is left then is suspect, unlooked at. */
const MOST_LOOKS = 5_000_000;

/**
 * Edges that may be part of a deadlock: each is followed and preceded by another one that can happen on another pcpu
 * at the same time, and all of them lie on circles. Where there are none there is no deadlock to look for, and most
 * traces have none.
 */
export function suspects(edges: readonly LockEdge[]): readonly LockEdge[] {
  const budget = { looks: MOST_LOOKS };
  for (let left = onCircles(edges); ; ) {
    const next = onCircles(withNeighbours(left, budget));
    if (next.length === left.length) return left;
    left = next;
  }
}

function withNeighbours(edges: readonly LockEdge[], budget: { looks: number }): readonly LockEdge[] {
  const following = groupBy(edges, ({ held }) => held);
  const preceding = groupBy(edges, ({ acquired }) => acquired);
  const some = (candidates: readonly LockEdge[] | undefined, test: (other: LockEdge) => boolean) =>
    (candidates ?? []).some(other => --budget.looks < 0 || test(other));
  return edges.filter(
    edge =>
      some(following.get(edge.acquired), next => mayWaitFor(edge, next)) &&
      some(preceding.get(edge.held), before => mayWaitFor(before, edge)),
  );
}

/** While one pcpu is at `edge` another one can be at `next`, which keeps it waiting. */
function mayWaitFor(edge: LockEdge, next: LockEdge): boolean {
  const pcpus = edge.pcpus | next.pcpus;
  // Bit 31 may stand for several pcpus.
  if (pcpus > 0 && (pcpus & (pcpus - 1)) === 0) return false;
  return excludes(edge.acquiredMode, next.heldMode) && !shareGate(edge, next);
}

const shareGate = (edge: LockEdge, other: LockEdge): boolean =>
  holdsOf(edge).some(gate => holdsOf(other).some(({ lock, mode }) => lock === gate.lock && excludes(mode, gate.mode)));

const holdsOf = ({ held, heldMode, gates }: LockEdge) => [{ lock: held, mode: heldMode }, ...gates];

/** Edges inside a strongly connected component of locks (Tarjan's algorithm, without recursion). */
function onCircles(edges: readonly LockEdge[]): readonly LockEdge[] {
  const following = groupBy(edges, ({ held }) => held);
  const number = new Map<number, number>();
  const low = new Map<number, number>();
  const component = new Map<number, number>();
  const open: number[] = [];
  const lowOf = (lock: number, value: number) => low.set(lock, Math.min(low.get(lock) as number, value));
  for (const root of following.keys()) {
    if (number.has(root)) continue;
    const path: { lock: number; next: number }[] = [];
    const enter = (lock: number) => {
      low.set(lock, number.size);
      number.set(lock, number.size);
      open.push(lock);
      path.push({ lock, next: 0 });
    };
    enter(root);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const edge = following.get(top.lock)?.[top.next++];
      if (edge === undefined) {
        path.pop();
        const parent = path.at(-1);
        if (parent !== undefined) lowOf(parent.lock, low.get(top.lock) as number);
        if (low.get(top.lock) !== number.get(top.lock)) continue;
        for (let lock = open.pop(); lock !== undefined; lock = open.pop()) {
          component.set(lock, top.lock);
          if (lock === top.lock) break;
        }
      } else if (!number.has(edge.acquired)) enter(edge.acquired);
      else if (!component.has(edge.acquired)) lowOf(top.lock, number.get(edge.acquired) as number);
    }
  }
  return edges.filter(({ held, acquired }) => component.get(held) === component.get(acquired));
}

function groupBy(edges: readonly LockEdge[], keyOf: (edge: LockEdge) => number): ReadonlyMap<number, LockEdge[]> {
  const groups = new Map<number, LockEdge[]>();
  for (const edge of edges) {
    const group = groups.get(keyOf(edge));
    if (group === undefined) groups.set(keyOf(edge), [edge]);
    else group.push(edge);
  }
  return groups;
}
