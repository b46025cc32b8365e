import type { Rule, RuleRow } from '../../define-analyzer.js';
import { shortestCycles } from './cycles.js';

/** Modes that wait for each other; two readers do not. */
const blocks = (held: unknown, wanted: unknown): boolean => held !== 'read' || wanted !== 'read';

export const classCycle: Rule = {
  id: 'lock-order.class-cycle',
  title: 'lock classes are taken in both orders',
  severity: 'warning',
  confidence: 'possible',
  needs: ['lock_acquire'],
  doc: `Taken together, the acquisitions of the trace go around in a circle of lock classes: pcpus that meet at the wrong
moment wait for each other for ever (as lockdep's class graph; XSA-73, XSA-411). Xen can't see it where a read lock is
part of it, or a lock without a level (X§2.2). Locks of one class nest by rules of their own and make no circle here.`,
  sql: `
  select
    coalesce(h.name::varchar, 'lock ' || lh.address::varchar) as held,
    coalesce(a.name::varchar, 'lock ' || la.address::varchar) as acquired,
    coalesce(h.name::varchar, '?') as held_class, coalesce(a.name::varchar, '?') as acquired_class,
    e.held_mode::varchar as held_mode, e.acquired_mode::varchar as acquired_mode,
    min(e.held_seq) as held_seq, min(e.first_seq) as first_seq, sum(e.count)::ubigint as times,
    arg_min(sh.symbol::varchar, e.first_seq) as held_site, arg_min(sa.symbol::varchar, e.first_seq) as acquired_site
  from lock_edges e
  left join lock_classes h on h.id = e.held_class
  left join lock_classes a on a.id = e.acquired_class
  left join locks lh on lh.id = e.held
  left join locks la on la.id = e.acquired
  left join callers sh on sh.id = e.held_caller
  left join callers sa on sa.id = e.acquired_caller
  group by all
  having held <> acquired
  order by first_seq`,
  find: rows => {
    const edges = rows.map(row => ({ from: String(row.held), to: String(row.acquired), row }));
    return shortestCycles(edges, (incoming, outgoing) => blocks(outgoing.held_mode, incoming.acquired_mode)).map(
      cycleRow,
    );
  },
};

/** One cycle as a row: its edges are the witnesses. */
function cycleRow(cycle: readonly RuleRow[]): RuleRow {
  const path = [...cycle.map(edge => String(edge.held)), String(cycle[0].held)];
  const row: Record<string, RuleRow[string]> = {
    subject_cycle: path.join(' -> '),
    sig_cycle: cycle.map(edge => `${edge.held_class}(${edge.held_mode}) at ${edge.held_site ?? '?'}`).join(' -> '),
  };
  for (const edge of cycle) {
    row[`at_${edge.held}_held`] = edge.held_seq;
    row[`at_${edge.acquired}_acquired_under_${edge.held}`] = edge.first_seq;
  }
  return row;
}
