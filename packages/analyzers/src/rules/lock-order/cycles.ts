interface Edge<T> {
  readonly from: string;
  readonly to: string;
  readonly row: T;
}

/**
 * For every edge a shortest cycle through it, each cycle once, whichever edge it is found from. `passable` says
 * whether one edge may follow another (where only readers meet, nobody waits). Breadth-first: edges² at worst, on
 * graphs of tens of classes.
 */
export function shortestCycles<T>(edges: readonly Edge<T>[], passable: (incoming: T, outgoing: T) => boolean): T[][] {
  const cycles = new Map<string, T[]>();
  for (const first of edges) {
    const cycle = cycleThrough(first, edges, passable);
    if (cycle === undefined) continue;
    const key = canonical(cycle.map(edge => edge.from));
    if (!cycles.has(key))
      cycles.set(
        key,
        rotated(cycle).map(edge => edge.row),
      );
  }
  return [...cycles.values()];
}

function cycleThrough<T>(
  first: Edge<T>,
  edges: readonly Edge<T>[],
  passable: (incoming: T, outgoing: T) => boolean,
): Edge<T>[] | undefined {
  const seen = new Set<Edge<T>>([first]);
  let paths: Edge<T>[][] = [[first]];
  while (paths.length > 0) {
    const longer: Edge<T>[][] = [];
    for (const path of paths) {
      const last = path[path.length - 1];
      if (last.to === first.from && passable(last.row, first.row)) return path;
      for (const next of edges) {
        if (next.from !== last.to || seen.has(next) || !passable(last.row, next.row)) continue;
        seen.add(next);
        longer.push([...path, next]);
      }
    }
    paths = longer;
  }
  return undefined;
}

/** The same text wherever in the cycle one starts. */
function canonical(names: readonly string[]): string {
  const start = names.indexOf([...names].sort()[0]);
  return [...names.slice(start), ...names.slice(0, start)].join(' ');
}

function rotated<T>(cycle: Edge<T>[]): Edge<T>[] {
  const names = cycle.map(edge => edge.from);
  const start = names.indexOf([...names].sort()[0]);
  return [...cycle.slice(start), ...cycle.slice(0, start)];
}
