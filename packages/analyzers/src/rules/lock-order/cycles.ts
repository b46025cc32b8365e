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

/** Edges and gates that all searches of a graph may look at: a second or two. */
const MOST_LOOKS = 10_000_000;

/**
 * Circles in which locks were taken: for each edge a shortest one through it, each once. Where there is one that can
 * come to a deadlock, those over the same locks that can't are left out. In a graph so large that this takes more than
 * MOST_LOOKS, only the first edges are searched from.
 */
export function lockCycles(edges: readonly LockEdge[]): LockCycle[] {
  const cycles = new Map<string, LockCycle>();
  const inCircles = edgesInCircles(edges);
  const following = groupBy(inCircles, edge => edge.from);
  const budget = { looks: MOST_LOOKS };
  for (const mayFollow of [(a: LockEdge, b: LockEdge) => whyImpossible([a, b]) === undefined, () => true]) {
    for (const first of inCircles) {
      const found = shortestCycle(first, following, mayFollow, budget);
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

/** Breadth-first: all edges of the circles at worst, for each first one. */
function shortestCycle(
  first: LockEdge,
  following: ReadonlyMap<string, readonly LockEdge[]>,
  mayFollow: (edge: LockEdge, next: LockEdge) => boolean,
  budget: { looks: number },
): LockEdge[] | undefined {
  const before = new Map<LockEdge, LockEdge | undefined>([[first, undefined]]);
  // A map is read in the order in which it grows.
  for (const last of before.keys()) {
    for (const next of following.get(last.to) ?? []) {
      budget.looks -= 1 + last.gates.size;
      if (budget.looks < 0) return undefined;
      if (!mayFollow(last, next)) continue;
      if (next === first) return pathTo(last, before);
      if (!before.has(next)) before.set(next, last);
    }
  }
  return undefined;
}

function pathTo(last: LockEdge, before: ReadonlyMap<LockEdge, LockEdge | undefined>): LockEdge[] {
  const path: LockEdge[] = [];
  for (let at: LockEdge | undefined = last; at !== undefined; at = before.get(at)) path.push(at);
  return path.reverse();
}

/** Edges that may be in a circle: those between nodes that some edge leads to, and that some edge leads from. */
function edgesInCircles(edges: readonly LockEdge[]): readonly LockEdge[] {
  const followed = withoutEnds(
    edges,
    edge => edge.from,
    edge => edge.to,
  );
  return withoutEnds(
    followed,
    edge => edge.to,
    edge => edge.from,
  );
}

/** Takes away edges that begin where none ends, until there are none; each is looked at once. */
function withoutEnds(
  edges: readonly LockEdge[],
  begin: (edge: LockEdge) => string,
  end: (edge: LockEdge) => string,
): readonly LockEdge[] {
  const beginning = groupBy(edges, begin);
  const ending = new Map([...groupBy(edges, end)].map(([node, group]) => [node, group.length]));
  const gone = new Set<LockEdge>();
  const nodes = [...beginning.keys()].filter(node => !ending.has(node));
  for (const node of nodes) {
    for (const edge of beginning.get(node) ?? []) {
      gone.add(edge);
      const left = ending.get(end(edge))! - 1;
      ending.set(end(edge), left);
      if (left === 0) nodes.push(end(edge));
    }
  }
  return edges.filter(edge => !gone.has(edge));
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

function groupBy(edges: readonly LockEdge[], nameOf: (edge: LockEdge) => string): Map<string, LockEdge[]> {
  const groups = new Map<string, LockEdge[]>();
  for (const edge of edges) {
    const group = groups.get(nameOf(edge));
    if (group === undefined) groups.set(nameOf(edge), [edge]);
    else group.push(edge);
  }
  return groups;
}
