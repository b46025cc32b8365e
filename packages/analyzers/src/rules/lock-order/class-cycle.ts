import type { Rule, RuleRow } from '../define-analyzer.js';
import { type LockCycle, lockCycles } from './cycles.js';
import { ACQUISITIONS, edgesBetween, toLockEdge } from './lock-edges.js';

export const classCycle: Rule = {
  id: 'lock-order.class-cycle',
  title: 'lock classes are taken in both orders',
  severity: 'warning',
  belief: {
    basis: 'documented',
    source: 'XSA-73, XSA-411 (docs/xen.md#lock-check-gaps)',
  },
  confidence: 'possible',
  needs: ['lock_acquire'],
  doc: `Taken together, the acquisitions of the trace form a cycle of lock classes: pcpus that meet at the wrong
moment wait for each other for ever, as in lockdep's class graph (XSA-73, XSA-411). Xen's own check misses it if one
of the locks has no level, or is a read lock (docs/xen.md#lock-check-gaps). A cycle in which no two pcpus can be at
once is a note that says why: a lock is held around both sides, there are fewer pcpus than sides, or only readers
meet. Locks of one class follow rules of their own: see lock-order.instance-cycle.`,
  fires: 'Class B is taken under A, and A under B, directly or through other classes.',
  nearMiss: 'All pcpus take them in the same order.',
  mechanism: `Two pcpus that each hold one lock and spin on the other's never get on; spinlocks have no timeout. mm
locks are checked by level (docs/xen.md#lock-checks); others (grant tables, page_alloc_lock taken directly, those of
the heap) are checked by nobody. XSA-73 took page_alloc_lock and a grant table lock in both orders.`,
  confirm: `select e.*, h.name as held_name, a.name as acquired_name from lock_edges e
join lock_classes h on h.id = e.held_class join lock_classes a on a.id = e.acquired_class order by e.first_seq`,
  fix: 'Agree on one order of the classes. A side that cannot follow it has to use trylock and back off.',
  limits: `Acquisitions from different times are joined; that their callers can ever meet is not shown. A class stands
for all its locks, so the locks of two domains that never meet can close a cycle.`,
  of: ACQUISITIONS,
  sql: edgesBetween(
    `coalesce(h.name::varchar, 'lock ' || lh.address::varchar)`,
    `coalesce(a.name::varchar, 'lock ' || la.address::varchar)`,
  ),
  find: rows => lockCycles(rows.map(toLockEdge)).map(classCycleRow),
};

/** One circle as a row: its edges are the witnesses. */
function classCycleRow({ edges, impossible }: LockCycle): RuleRow {
  const row: Record<string, RuleRow[string]> = {
    subject_cycle: [...edges, edges[0]].map(edge => edge.from).join(' -> '),
    sig_cycle: edges
      .map(({ heldMode, row }) => `${row.held_name ?? '?'}(${heldMode}) at ${row.held_site ?? '?'}`)
      .join(' -> '),
  };
  for (const { from, to, row: edge } of edges) {
    row[`at_${from}_held`] = edge.held_seq;
    row[`at_${to}_acquired_under_${from}`] = edge.first_seq;
  }
  if (impossible !== undefined) Object.assign(row, { severity: 'note', subject_impossible: impossible });
  return row;
}
