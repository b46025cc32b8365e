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
  doc: `A pcpu looked up a gfn with the lock, dropped the outermost hold of it, and wrote the entry in its next section
without looking again. What it had found may be gone: a lookup and the set_entry that follows it "delimit a critical
section for that range of p2m mappings" (docs/xen.md#thread-xenpaging-locks). Likely where somebody did write the entry
in between, which the later write then undid. Else a note: nothing was lost, and code that reads the entry again by
get_entry is not seen doing so.`,
  fires: `A lookup with the lock, the lock is dropped, and a set_entry of that gfn in the pcpu's next section, without
another lookup; likely if another write of the entry came in between.`,
  nearMiss: `The lookup and the write are in one section, be it that of an outer hold of the same lock; or the gfn is
looked up again in the second one.`,
  mechanism: `get_gfn(), a decision, put_gfn(), and then a function that takes the lock anew, such as
p2m_change_type_one() or guest_physmap_remove_page(). Both compare what they find with what they were told
(docs/xen.md#guest-remove-page), but that comparison is not a lookup in the trace.`,
  confirm: `select * from mapping_spans where domid = $domid and gfn = $gfn and (from_seq >= $lookup or to_seq >= $lookup)`,
  fix: 'Keep the lock from get_gfn() to the write; or compare under the lock, and start over if it has changed.',
  limits: `Functions that compare under the lock are sound, and are reported all the same. A write later than in the
next section is not reported, nor one of a larger order than the entry that was found.`,
  sql: breachSql('gfn-range.split-critical-section', {
    subject: ['domid', 'view', 'gfn', 'pcpu'],
    signature: ['view', 'site'],
    severity: `if(b.confidence = 'possible', 'note', 'warning')`,
  }),
};
