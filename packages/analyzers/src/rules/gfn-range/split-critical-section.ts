import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const splitCriticalSection: Rule = {
  id: 'gfn-range.split-critical-section',
  title: 'an entry was looked up in one critical section and written in another',
  severity: 'warning',
  belief: {
    basis: 'customary',
    source: 'a rule that a thread of 2011 proposes (docs/xen.md#thread-xenpaging-locks)',
  },
  confidence: 'likely',
  needs: ['lookup', 'set_entry'],
  doc: `A pcpu looked a gfn up with the lock, dropped it, and wrote the entry in its next section without looking again:
what it found may be gone (mail 2: "A p2m lookup, followed by a p2m set_entry, delimit a critical section for that range
of p2m mappings"). Likely, as the write need not rest on that lookup. Where the pcpu wrote the
entry before it dropped the lock, that section was whole.`,
  mechanism: `get_gfn(), a decision, put_gfn(), and then a function that takes the lock anew, such as
p2m_change_type_one() or guest_physmap_remove_page(). Both of these compare what they find with what they were told
(X§3.3), and that comparison is no lookup of the trace.`,
  confirm: `select * from mapping_spans where domid = $domid and gfn = $gfn and (from_seq >= $lookup or to_seq >= $lookup)`,
  fix: 'Keep the lock from get_gfn() to the write; or compare under the lock and start over where it has changed.',
  limits: `Functions that compare under the lock are sound, and reported. A write that comes later than in
the next section is not.`,
  sql: breachSql('gfn-range.split-critical-section', {
    subject: ['domid', 'view', 'gfn', 'pcpu'],
    signature: ['view', 'site'],
  }),
};
