import type { Rule, RuleRow } from '../define-analyzer.js';
import { type LockEdge, lockCycles } from './cycles.js';
import { notDeadlocks } from './judged-cycles.js';
import { ACQUISITIONS, edgesBetween, toLockEdge } from './lock-edges.js';

export const instanceCycle: Rule = {
  id: 'lock-order.instance-cycle',
  title: 'locks of one class are taken in both orders',
  severity: 'note',
  belief: {
    basis: 'documented',
    source: 'get_two_gfns() and share_pages() sort for this; XSA-411 (docs/xen.md#lock-check-gaps)',
  },
  confidence: 'possible',
  needs: ['lock_acquire'],
  refutedBy: ['lock_release'],
  doc: `Locks of one class have one level, and Xen lets equal levels nest (docs/xen.md#lock-checks), so only a fixed
order among them prevents deadlock: by (domid, gfn) for two gfns, by ascending mfn for shared pages
(docs/xen.md#lock-check-gaps). Here they form a cycle, so there is no such order (XSA-411); but no other order of the
events comes to a deadlock in it, and it is a note that says why, as in lock-order.class-cycle. One that does is
lock-order.predicted-deadlock.`,
  fires:
    'Two locks of one class are taken in both orders, or more of them in a cycle, and no deadlock can come of it here.',
  nearMiss: 'All pcpus take them in one order, by (domid, gfn) or by mfn.',
  mechanism: `Xen's check is a strict >, so locks of one level nest in any order. In XSA-411 two grant copies, each
with a transitive grant through the other's domain, took the locks of the two grant tables in both orders.`,
  confirm: `select e.*, h.address as held_lock, a.address as acquired_lock from lock_edges e
join locks h on h.id = e.held join locks a on a.id = e.acquired where e.held_class = e.acquired_class order by e.first_seq`,
  fix: 'Take them in one order, by something that does not change while they are held: domid, mfn, address.',
  limits: `That no deadlock was predicted is said of this trace. If a lock is freed and another appears at its address,
the two are taken for one.`,
  of: ACQUISITIONS,
  sql: edgesBetween('lh.address::varchar', 'la.address::varchar', 'e.held_class = e.acquired_class'),
  find: rows =>
    notDeadlocks(lockCycles(rows.map(toLockEdge)), rows, 'its sides never hold different locks only').map(
      instanceCycleRow,
    ),
};

/** One circle as a row, beginning with the edge that was recorded first. */
function instanceCycleRow({ edges, why }: { readonly edges: readonly LockEdge[]; readonly why: string }): RuleRow {
  const first = edges.indexOf(edges.reduce((a, b) => (Number(a.row.first_seq) <= Number(b.row.first_seq) ? a : b)));
  const path = [...edges.slice(first), ...edges.slice(0, first)];
  const sides = path.map(({ heldMode, row }) => `${heldMode} at ${row.held_site ?? '?'}, ${row.acquired_site ?? '?'}`);
  const row: Record<string, RuleRow[string]> = {
    subject_lock_class: path[0].row.held_name,
    subject_cycle: [...path, path[0]].map(edge => edge.from).join(' -> '),
    sig_lock_class: path[0].row.held_name,
    sig_sides: sides.sort().join('; '),
    subject_impossible: why,
  };
  for (const [i, { row: edge }] of path.entries()) {
    row[`at_held_${i + 1}`] = edge.held_seq;
    row[`at_acquired_${i + 1}`] = edge.first_seq;
  }
  return row;
}
