import type { Rule, RuleRow } from '../define-analyzer.js';
import { type LockEdge, lockCycles } from './cycles.js';
import { notDeadlocks } from './judged-cycles.js';
import { ACQUISITIONS, edgesBetween, toLockEdge } from './lock-edges.js';

export const classCycle: Rule = {
  id: 'lock-order.class-cycle',
  title: 'lock classes are taken in both orders',
  severity: 'note',
  belief: {
    basis: 'documented',
    source: 'XSA-73, XSA-411 (docs/xen.md#lock-check-gaps)',
  },
  confidence: 'possible',
  needs: ['lock_acquire'],
  refutedBy: ['lock_release'],
  doc: `Taken together, the acquisitions of the trace form a cycle of lock classes, as in lockdep's class graph (XSA-73,
XSA-411), and none of it comes to a deadlock in another order of the events: one that does is
lock-order.predicted-deadlock. So it is a note, which says why: a lock is held around both sides, there are fewer pcpus
than sides, only readers meet, something orders the sides (a lock, an entry, a page), or the locks of a class that were
taken one way round are not those that were taken the other way. Xen's own check misses a cycle if one of the locks has
no level, or is a read lock (docs/xen.md#lock-check-gaps). Locks of one class: see lock-order.instance-cycle.`,
  fires:
    'Class B is taken under A, and A under B, directly or through other classes, and no deadlock can come of it here.',
  nearMiss: 'All pcpus take them in the same order.',
  mechanism: `Two pcpus that each hold one lock and spin on the other's never get on; spinlocks have no timeout. mm
locks are checked by level (docs/xen.md#lock-checks); others (grant tables, page_alloc_lock taken directly, those of
the heap) are checked by nobody. XSA-73 took page_alloc_lock and a grant table lock in both orders.`,
  confirm: `select e.*, h.name as held_name, a.name as acquired_name from lock_edges e
join lock_classes h on h.id = e.held_class join lock_classes a on a.id = e.acquired_class order by e.first_seq`,
  fix: 'Agree on one order of the classes. A side that cannot follow it has to use trylock and back off.',
  limits: `A class stands for all its locks, so the locks of two domains that never meet can close a cycle. That no
deadlock was predicted is said of this trace: the same code can come to one in another.`,
  of: ACQUISITIONS,
  sql: edgesBetween(
    `coalesce(h.name::varchar, 'lock ' || lh.address::varchar)`,
    `coalesce(a.name::varchar, 'lock ' || la.address::varchar)`,
  ),
  find: rows =>
    notDeadlocks(
      lockCycles(rows.map(toLockEdge)),
      rows,
      'its sides are of different locks, or of one that another pcpu released',
    ).map(classCycleRow),
};

/** One circle as a row: its edges are the witnesses. */
function classCycleRow({ edges, why }: { readonly edges: readonly LockEdge[]; readonly why: string }): RuleRow {
  const row: Record<string, RuleRow[string]> = {
    subject_cycle: [...edges, edges[0]].map(edge => edge.from).join(' -> '),
    sig_cycle: edges
      .map(({ heldMode, row }) => `${row.held_name ?? '?'}(${heldMode}) at ${row.held_site ?? '?'}`)
      .join(' -> '),
    subject_impossible: why,
  };
  for (const { from, to, row: edge } of edges) {
    row[`at_${from}_held`] = edge.held_seq;
    row[`at_${to}_acquired_under_${from}`] = edge.first_seq;
  }
  return row;
}
