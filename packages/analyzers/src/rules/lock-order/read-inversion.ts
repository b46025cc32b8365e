import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';
import { NESTING } from './nesting.js';

export const readInversion: Rule = {
  id: 'lock-order.read-inversion',
  title: 'a lock was taken under a read lock of a higher level, which Xen cannot see',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'the order of mm-locks.h, which Xen cannot check behind a read lock (docs/xen.md#lock-check-gaps)',
  },
  confidence: 'proven',
  needs: ['lock_acquire'],
  refutedBy: ['lock_release'],
  doc: `An mm lock was taken while the pcpu held one of a higher level for reading. Xen checks read locks but stores
no level for them ("nowhere to store it", docs/xen.md#lock-check-gaps). Its own check therefore passes although the
order is broken: whoever takes the two the right way round, for writing, can wait for ever.`,
  fires: "A pcpu takes an mm lock while it holds one of a higher level for reading, and Xen's own check passes.",
  nearMiss: 'The lower lock is taken first, the higher one inside it.',
  mechanism: `_mm_read_lock() in xen/arch/x86/mm/mm-locks.h checks the level and leaves it unchanged. The usual read
lock is that of the p2m, which p2m_get_page_from_gfn() holds around the lookup (docs/xen.md#safe-lookup).`,
  confirm: 'select * from lock_spans where from_seq in ($held, $acquired)',
  fix: 'Drop the read lock first, and hold a page reference to keep what was found; or take the lower lock before it.',
  limits: `p2m_read_lock() hard-codes level 16 even for the p2m of a view (40, docs/xen.md#lock-check-gaps), so
inversions between 16 and 40 under a view's read lock are missed.`,
  sql: breachSql('lock-order.read-inversion', NESTING),
};
