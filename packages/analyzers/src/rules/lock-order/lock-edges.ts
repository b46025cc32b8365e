import type { RuleRow } from '../define-analyzer.js';
import type { LockEdge } from './cycles.js';
import { VERDICTS_SQL } from './judged-cycles.js';

/**
 * Rows of lock_edges as edges of a graph, one row for all between the same two nodes in the same modes, with its first
 * witness. `held` and `acquired` are SQL for the node of either lock, over the lock (lh, la) and its class (h, a).
 * `gates` lists what was held besides at all of them, each as index of the lock, mode, class; `deadlocks` and
 * `reasons` what lock_cycles has of them.
 */
export const edgesBetween = (held: string, acquired: string, condition = 'true'): string => `
  with ${VERDICTS_SQL},
  named as (
    select
      e.* replace (e.held_mode::varchar as held_mode, e.acquired_mode::varchar as acquired_mode),
      ${held} as from_node, ${acquired} as to_node,
      h.name::varchar as held_name, a.name::varchar as acquired_name,
      sh.symbol::varchar as held_site, sa.symbol::varchar as acquired_site, v.deadlocks, v.reasons
    from lock_edges e
    left join verdicts v on v.held = e.held and v.wanted = e.acquired
      and v.held_mode = e.held_mode::varchar and v.wanted_mode = e.acquired_mode::varchar
    left join lock_classes h on h.id = e.held_class
    left join lock_classes a on a.id = e.acquired_class
    left join locks lh on lh.id = e.held
    left join locks la on la.id = e.acquired
    left join callers sh on sh.id = e.held_caller
    left join callers sa on sa.id = e.acquired_caller
    where from_node <> to_node and ${condition}
  ),
  edges as (
    select
      from_node, to_node, held_mode, acquired_mode, count(*) as members, bit_or(pcpus) as pcpus,
      any_value(held_name) as held_name, arg_min(held_seq, first_seq) as held_seq, min(first_seq) as first_seq,
      arg_min(held_site, first_seq) as held_site, arg_min(acquired_site, first_seq) as acquired_site,
      string_agg(deadlocks, ',') as deadlocks, string_agg(reasons, ',') as reasons
    from named group by from_node, to_node, held_mode, acquired_mode
  ),
  gates as (
    select
      n.from_node, n.to_node, n.held_mode, n.acquired_mode, count(*) as members,
      concat_ws(' ', g.lock, if(bool_or(g.mode = 'read'), 'read', 'write'), any_value(c.name)) as gate
    from lock_gates g join named n on n.id = g.edge left join lock_classes c on c.id = g.lock_class
    group by n.from_node, n.to_node, n.held_mode, n.acquired_mode, g.lock
  )
  select e.*, g.gates
  from edges e
  left join (
    select from_node, to_node, held_mode, acquired_mode, members, string_agg(gate, ',') as gates from gates group by all
  ) g using (from_node, to_node, held_mode, acquired_mode, members)
  order by e.first_seq`;

/** Such a row as an edge. */
export function toLockEdge(row: RuleRow): LockEdge {
  const gates = String(row.gates ?? '')
    .split(',')
    .filter(gate => gate !== '');
  return {
    from: String(row.from_node),
    to: String(row.to_node),
    heldMode: String(row.held_mode),
    acquiredMode: String(row.acquired_mode),
    gates: new Map(
      gates.map(gate => {
        const [lock, mode, name = '?'] = gate.split(' ');
        return [lock, { mode, name }];
      }),
    ),
    pcpus: Number(row.pcpus),
    row,
  };
}

/** What a circle is one of. */
export const ACQUISITIONS = {
  sql: 'select sum(count) from lock_edges',
  what: 'acquisitions inside another lock',
};
