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
  refutedBy: ['lock_release'],
  doc: `A pcpu took a mutex that it already holds, and not by a recursive variant. Of an mm lock Xen panics ("already
held by", docs/xen.md#lock-checks); a plain spinlock waits for itself.`,
  fires: 'lock_acquire of a mutex by its holder, without the flag recursive.',
  nearMiss: 'With the flag recursive; or a write lock, which counts how often its holder took it.',
  mechanism: `_mm_lock() in xen/arch/x86/mm/mm-locks.h panics if the pcpu already has the lock. Of the mm locks only
p2m and altp2m (for writing), and the paging lock through paging_lock_recursive(), may be taken again
(docs/xen.md#lock-levels).`,
  confirm: 'select * from lock_spans where from_seq in ($acquired, $acquired_again)',
  fix: 'Split off a function for callers that hold the lock, or use the recursive variant if there is one.',
  limits: 'It relies on the flag recursive of the record.',
  sql: breachSql('lock-order.not-recursive', {
    subject: ['lock', 'lock_class', 'pcpu'],
    signature: ['lock_class', 'site'],
  }),
};
