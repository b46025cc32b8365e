import type { RuleRow } from '../define-analyzer.js';

/** A lock, or a class of them, that was taken while another was held. */
export interface LockEdge {
  readonly from: string;
  readonly to: string;
  readonly heldMode: string;
  readonly acquiredMode: string;
  /** What was held besides, every time, by lock. */
  readonly gates: ReadonlyMap<string, { readonly name: string; readonly mode: string }>;
  /** pcpus on which it happened, as a bit mask; bit 31 stands for all from 31 on. */
  readonly pcpus: number;
  readonly row: RuleRow;
}

export interface LockCycle {
  readonly edges: readonly LockEdge[];
  /** Why pcpus can't wait for each other here, without an address; undefined where they can. */
  readonly impossible: string | undefined;
}

const MANY = 31;

/**
 * Circles in which locks were taken: for each edge a shortest one through it, each once. Where there is one that can
 * come to a deadlock, those over the same locks that can't are left out.
 */
export function lockCycles(edges: readonly LockEdge[]): LockCycle[] {
  const cycles = new Map<string, LockCycle>();
  for (const mayFollow of [(a: LockEdge, b: LockEdge) => whyImpossible([a, b]) === undefined, () => true]) {
    for (const first of edges) {
      const found = shortestCycle(first, edges, mayFollow);
      if (found === undefined) continue;
      const path = fromLeast(found);
      const key = path.map(edge => edge.from).join(' ');
      const cycle = { edges: path, impossible: whyImpossible(path) };
      const known = cycles.get(key);
      if (known === undefined || (known.impossible !== undefined && cycle.impossible === undefined)) {
        cycles.set(key, cycle);
      }
    }
  }
  return [...cycles.values()];
}

/** Breadth-first: edges² at worst, on graphs of tens of classes. */
function shortestCycle(
  first: LockEdge,
  edges: readonly LockEdge[],
  mayFollow: (edge: LockEdge, next: LockEdge) => boolean,
): LockEdge[] | undefined {
  const seen = new Set<LockEdge>([first]);
  let paths: LockEdge[][] = [[first]];
  while (paths.length > 0) {
    const longer: LockEdge[][] = [];
    for (const path of paths) {
      const last = path[path.length - 1];
      for (const next of edges) {
        if (next.from !== last.to || !mayFollow(last, next)) continue;
        if (next === first) return path;
        if (seen.has(next)) continue;
        seen.add(next);
        longer.push([...path, next]);
      }
    }
    paths = longer;
  }
  return undefined;
}

/** Rotated so that the circle begins with the least name, wherever it was found from. */
function fromLeast(path: readonly LockEdge[]): LockEdge[] {
  const names = path.map(edge => edge.from);
  const start = names.indexOf([...names].sort()[0]);
  return [...path.slice(start), ...path.slice(0, start)];
}

/** Two pcpus wait for each other only where one of them wants or has the lock for itself. */
const excludes = (a: string, b: string): boolean => a !== 'read' || b !== 'read';

/** Of edges that follow each other, be they a circle or a part of one. */
function whyImpossible(path: readonly LockEdge[]): string | undefined {
  for (const [i, edge] of path.entries()) {
    const next = path[(i + 1) % path.length];
    if (edge.to === next.from && !excludes(edge.acquiredMode, next.heldMode)) return 'only readers meet';
    for (const other of path.slice(i + 1)) {
      const gate = commonGate(edge, other);
      if (gate !== undefined) return `${gate} is held around both`;
    }
  }
  return haveOwnPcpus(path.map(edge => edge.pcpus)) ? undefined : 'too few pcpus took them';
}

/** Name of a lock that two pcpus can't both hold while they are at these edges. */
function commonGate(edge: LockEdge, other: LockEdge): string | undefined {
  for (const [lock, { name, mode }] of edge.gates) {
    const there = other.gates.get(lock);
    if (there !== undefined && excludes(mode, there.mode)) return name;
  }
  return undefined;
}

/** Each edge can be on a pcpu of its own. */
function haveOwnPcpus([first, ...rest]: readonly number[], used = 0): boolean {
  if (first === undefined) return true;
  for (let pcpu = 0; pcpu <= MANY; pcpu++) {
    const bit = 1 << pcpu;
    if ((first & bit) === 0 || (used & bit) !== 0) continue;
    if (haveOwnPcpus(rest, pcpu === MANY ? used : used | bit)) return true;
  }
  return false;
}
