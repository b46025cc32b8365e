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
  doc: `Taken together, the acquisitions of the trace go around in a circle of lock classes: pcpus that meet at the wrong
moment wait for each other for ever (as lockdep's class graph; XSA-73, XSA-411). Xen can't see it where a read lock is
part of it, or a lock without a level (X§2.2). A circle that no two pcpus can be in at once is a note, with the reason:
a lock that was held around both sides, fewer pcpus than sides, or readers only. Locks of one class nest by rules of
their own: lock-order.instance-cycle.`,
  mechanism: `Two pcpus that each hold one lock and spin on the other's never go on; spinlocks have no timeout. mm locks are checked
by level (xen/arch/x86/mm/mm-locks.h, X§2.2), others (grant tables, page_alloc_lock taken raw, the heap's) by nobody.
XSA-73 took page_alloc_lock and a grant table's lock in both orders.`,
  confirm: `select e.*, h.name as held_name, a.name as acquired_name from lock_edges e
join lock_classes h on h.id = e.held_class join lock_classes a on a.id = e.acquired_class order by e.first_seq`,
  fix: `Agree on one order of the classes; where one side can't follow it, let it try the lock, and back off.`,
  limits: `It joins acquisitions of different times: that their callers can ever meet is not shown. Classes stand for all their
locks, so two domains' locks that never meet can close a circle.`,
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
