import dagre from '@dagrejs/dagre';
import type { Finding, TraceSession } from '@p2mtrace/analyzers';

/** A class of locks taken while another was held, summed over the trace. */
export interface LockGraphEdge {
  readonly held: string;
  readonly acquired: string;
  readonly count: number;
  readonly firstSeq: number;
  /** What is wrong with it: ids of rules, or that it is part of a cycle; empty if nothing is. */
  readonly bad: readonly string[];
}

/** Most edges in a graph: first the bad ones, then the most frequent ones. */
const GRAPH_EDGES = 60;

export interface LockGraph {
  readonly edges: readonly LockGraphEdge[];
  /** Total number of edges. */
  readonly of: number;
}

const EDGES = `
  select coalesce(h.name::varchar, 'lock ' || lh.address::varchar) as held,
    coalesce(a.name::varchar, 'lock ' || la.address::varchar) as acquired, sum(e.count), min(e.first_seq)
  from lock_edges e
  left join lock_classes h on h.id = e.held_class left join lock_classes a on a.id = e.acquired_class
  left join locks lh on lh.id = e.held left join locks la on la.id = e.acquired
  group by all order by 3 desc, 1, 2`;

/** The order in which a trace takes its classes of locks, with the findings of lock-order about it. */
export async function lockGraphOf(session: TraceSession, findings: readonly Finding[]): Promise<LockGraph> {
  const { rows } = await session.runAll(EDGES);
  const told = await accused(session, findings);
  const pairs = rows.map(([held, acquired]) => [String(held), String(acquired)] as const);
  const circles = inCircles(pairs);
  const edges = rows.map(([held, acquired, count, firstSeq]): LockGraphEdge => {
    const key = edgeKey(String(held), String(acquired));
    const bad = [...(told.get(key) ?? []), ...(circles.has(key) ? ['part of a circle'] : [])];
    return { held: String(held), acquired: String(acquired), count: Number(count), firstSeq: Number(firstSeq), bad };
  });
  const shown = [...edges.filter(({ bad }) => bad.length > 0), ...edges.filter(({ bad }) => bad.length === 0)];
  return { edges: shown.slice(0, GRAPH_EDGES), of: edges.length };
}

export const edgeKey = (held: string, acquired: string) => JSON.stringify([held, acquired]);

/** Edges that are part of a cycle of classes; a class taken while the same class is held is not one. */
export function inCircles(pairs: readonly (readonly [held: string, acquired: string])[]): Set<string> {
  const graph = new dagre.graphlib.Graph();
  for (const [held, acquired] of pairs) graph.setEdge(held, acquired);
  // Under nodenext, the types of dagre's graphs are lost.
  const parts = dagre.graphlib.alg.tarjan(graph) as string[][];
  const part = new Map(parts.flatMap((names, i) => names.map(name => [name, i] as const)));
  return new Set(
    pairs
      .filter(([held, acquired]) => held !== acquired && part.get(held) === part.get(acquired))
      .map(([held, acquired]) => edgeKey(held, acquired)),
  );
}

/**
 * Rules by the edge that they accuse: a witness `held` with one `acquired`, of each side of a cycle `held_1` with
 * `acquired_1` or `wanted_1`, or the roles of a cycle of classes.
 */
async function accused(session: TraceSession, findings: readonly Finding[]): Promise<Map<string, Set<string>>> {
  const told = new Map<string, Set<string>>();
  const accuse = (held: string, acquired: string, rule: string) => {
    const key = edgeKey(held, acquired);
    told.set(key, (told.get(key) ?? new Set()).add(rule));
  };
  const pairs: { held: number; acquired: number; rule: string }[] = [];
  for (const { rule, occurrences } of findings.filter(({ analyzer }) => analyzer === 'lock-order')) {
    for (const { witness } of occurrences) {
      for (const { role } of witness) {
        const [, acquired, held] = /^(.+)_acquired_under_(.+)$/.exec(role) ?? [];
        if (held !== undefined) accuse(held, acquired, rule);
      }
      const seqOf = (role: string) => witness.find(one => one.role === role)?.seq;
      const sides = witness.map(({ role }) => /^held(_\d+)?$/.exec(role)).filter(match => match !== null);
      for (const [role, side = ''] of sides) {
        const [held, acquired] = [seqOf(role), seqOf(`acquired${side}`) ?? seqOf(`wanted${side}`)];
        if (held !== undefined && acquired !== undefined) pairs.push({ held, acquired, rule });
      }
    }
  }
  const names = await classesAt(session, [...new Set(pairs.flatMap(({ held, acquired }) => [held, acquired]))]);
  for (const { held, acquired, rule } of pairs) {
    const [outer, inner] = [names.get(held), names.get(acquired)];
    if (outer !== undefined && inner !== undefined) accuse(outer, inner, rule);
  }
  return told;
}

/** The class of the lock that each of these events acquired. */
async function classesAt(session: TraceSession, seqs: readonly number[]): Promise<Map<number, string>> {
  if (seqs.length === 0) return new Map();
  const { rows } = await session.runAll(`
    select s.from_seq, coalesce(c.name::varchar, 'lock ' || l.address::varchar)
    from lock_spans s join locks l on l.id = s.lock left join lock_classes c on c.id = s.lock_class
    where s.from_seq in (${seqs.join(',')})`);
  return new Map(rows.map(([seq, name]) => [Number(seq), String(name)]));
}
