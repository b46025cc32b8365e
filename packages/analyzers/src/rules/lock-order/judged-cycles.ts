import type { RuleRow } from '../define-analyzer.js';
import type { LockCycle } from './cycles.js';

/** What `lock_cycles` says of an edge, as columns of `edgesBetween`: deadlocks by number, and why others are none. */
export const VERDICTS_SQL = `
  verdicts as (
    select held, held_mode::varchar as held_mode, wanted, wanted_mode::varchar as wanted_mode,
      string_agg(distinct if(verdict = 'deadlock', cycle::bigint::varchar, null), ',') as deadlocks,
      string_agg(distinct if(verdict = 'deadlock', null, concat_ws(' ', reason::varchar, rc.name::varchar)), ',') as reasons
    from lock_cycles left join lock_classes rc on rc.id = reason_class
    where side is not null group by all
  )`;

const TEXTS: Readonly<Record<string, string>> = {
  lock: 'its sides are ordered by sections of another lock',
  entry: 'its sides are ordered by an entry: one has seen what was set after the other',
  page: 'its sides are ordered by the life of a page',
  content: 'its sides are ordered by what one wrote and the other read',
  flush: 'its sides are ordered by a TLB flush',
  domain: 'its sides are ordered by the creation or destruction of a domain',
  vcpu: 'its sides are ordered by a vcpu that moved between their pcpus',
  grant: 'its sides are ordered by a grant that was mapped and unmapped',
  loss: 'records were lost between its sides',
  release: 'its sides are ordered by a lock that one pcpu took and another one gave back',
  budget: 'not decided: there are too many ways to go through',
  unconfirmed: 'not decided: its other order could not be replayed',
};

/**
 * Circles that no deadlock of `lock_cycles` goes through, each with the reason why it can't come to one, or why nobody
 * knows. `otherwise`: the reason of those about which `lock_cycles` says nothing.
 */
export function notDeadlocks(cycles: readonly LockCycle[], rows: readonly RuleRow[], otherwise: string) {
  const deadlocks = new Map<string, Set<string>>();
  for (const row of rows) {
    const key = `${row.from_node} ${row.to_node}`;
    const ids = deadlocks.get(key) ?? new Set();
    deadlocks.set(key, ids);
    for (const id of listOf(row.deadlocks)) ids.add(id);
  }
  return cycles
    .filter(({ edges }) => {
      const [first, ...rest] = edges.map(({ from, to }) => deadlocks.get(`${from} ${to}`) ?? new Set());
      return ![...first].some(id => rest.every(ids => ids.has(id)));
    })
    .map(({ edges, impossible }) => ({ edges, why: impossible ?? reasonOf(edges) ?? otherwise }));
}

function reasonOf(edges: LockCycle['edges']): string | undefined {
  const [first, ...rest] = edges.map(({ row }) => listOf(row.reasons));
  const common = first.find(reason => rest.every(reasons => reasons.includes(reason)));
  if (common === undefined) return undefined;
  const [reason, ...name] = common.split(' ');
  return name.length === 0 ? TEXTS[reason] : `its sides are ordered by sections of ${name.join(' ')}`;
}

const listOf = (value: RuleRow[string] | undefined): string[] =>
  String(value ?? '')
    .split(',')
    .filter(Boolean);
