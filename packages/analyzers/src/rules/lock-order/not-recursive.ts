import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const notRecursive: Rule = {
  id: 'lock-order.not-recursive',
  title: 'a lock that is not recursive was taken again by its holder',
  severity: 'error',
  belief: {
    basis: 'asserted',
    source: 'Xen panics: "already held by" (docs/xen.md#lock-levels)',
  },
  confidence: 'proven',
  needs: ['lock_acquire'],
  doc: `A mutex was taken by a variant that is not recursive, on the pcpu that holds it: Xen panics ("already held by",
X§2.2), and a plain spinlock waits for itself.`,
  mechanism: `_mm_lock() in xen/arch/x86/mm/mm-locks.h panics where the pcpu has the lock already. Of the mm locks
only p2m and altp2m (write) and paging_lock_recursive() may be taken again (X§2.1).`,
  confirm: 'select * from lock_spans where from_seq in ($acquired, $acquired_again)',
  fix: 'Split off a function for callers that hold the lock, or use the recursive variant where there is one.',
  limits: 'It rests on the flag recursive of the record.',
  sql: breachSql('lock-order.not-recursive', {
    subject: ['lock', 'lock_class', 'pcpu'],
    signature: ['lock_class', 'site'],
  }),
};
