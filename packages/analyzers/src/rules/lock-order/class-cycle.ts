import type { Rule, RuleRow } from '../../define-analyzer.js';
import { type LockCycle, lockCycles } from './cycles.js';
import { edgesBetween, toLockEdge } from './lock-edges.js';

export const classCycle: Rule = {
  id: 'lock-order.class-cycle',
  title: 'lock classes are taken in both orders',
  severity: 'warning',
  confidence: 'possible',
  needs: ['lock_acquire'],
  doc: `Taken together, the acquisitions of the trace go around in a circle of lock classes: pcpus that meet at the wrong
moment wait for each other for ever (as lockdep's class graph; XSA-73, XSA-411). Xen can't see it where a read lock is
part of it, or a lock without a level (X§2.2). A circle that no two pcpus can be in at once is a note, with the reason:
a lock that was held around both sides, fewer pcpus than sides, or readers only. Locks of one class nest by rules of
their own: lock-order.instance-cycle.`,
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
