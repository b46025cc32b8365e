import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const podEntryCount: Rule = {
  id: 'consistency.pod-entry-count',
  title: "a domain's count of PoD entries is wrong",
  severity: 'error',
  belief: {
    basis: 'asserted',
    source: 'p2m-pod.c keeps entry_count with every entry, and BUG()s where it falls below 0 (docs/xen.md#pod-cache)',
  },
  confidence: 'proven',
  needs: ['pod_cache_add|pod_cache_get', 'set_entry'],
  doc: `entry_count is how many 4K frames of the p2m are populate_on_demand (docs/xen.md#pod-cache), and is recorded with
each move of a cache page. What comes between two records changes it: a populate by what it fills, a reclaim by what it
takes back, another write by the PoD entries that it makes or ends. It is not what these add up to. Where it is too high,
Xen reclaims without need; where it is too low, a guest is refused memory that it was promised.`,
  fires: `pod_cache_add or pod_cache_get with an entry_count that does not follow from the one recorded before; the
witness "moved" is the last event that should have changed it.`,
  nearMiss: 'A populate of 2^order frames, and an entry_count that is lower by as many.',
  mechanism: `p2m_pod_demand_populate lowers entry_count behind its set_entry; a zero check raises it behind
p2m_pod_cache_add (xen/arch/x86/mm/p2m-pod.c). A path that leaves early, or fails in between, forgets to.`,
  confirm: `select seq, kind, domid, hex(gfn) as gfn, hex(mfn) as mfn, "order", p2m_type, arg0 as count, arg1 as
entry_count, event_site(symbol, caller, pcpu, seq) as site from events where seq in ($counted, $moved, $cached) order
by seq`,
  fix: 'Change entry_count in the same place as the entry, under the pod lock.',
  limits: `Until the p2m lock is dropped, a write may be counted or not yet: both are accepted. Nothing follows from
writes over entries that the trace has not shown. What is wrong is told at the next move of a cache page.`,
  sql: breachSql('consistency.pod-entry-count', {
    subject: ['domid', 'gfn', 'mfn', 'count', 'expected'],
    signature: ['site'],
  }),
};
