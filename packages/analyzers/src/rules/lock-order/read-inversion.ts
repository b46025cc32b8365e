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
  doc: `An mm lock was taken while the pcpu held one of a higher level for reading. Xen checks read locks and stores no
level for them ("nowhere to store it", X§2.2), so its own check passes, and the order is broken all the same: whoever
takes the two the right way round, for writing, waits for ever.`,
  mechanism: `_mm_read_lock() in xen/arch/x86/mm/mm-locks.h checks the level and leaves it unchanged. The p2m's read lock is the
usual one: p2m_get_page_from_gfn() holds it around the lookup (X§3.3).`,
  confirm: 'select * from lock_spans where from_seq in ($held, $acquired)',
  fix: 'Drop the read lock first, with a page reference to keep what was found; or take the lower lock before it.',
  limits: `p2m_read_lock() hard-codes level 16 even for a view's p2m (40, X§2.2), so inversions between 16 and 40 under a
view's read lock are missed.`,
  sql: breachSql('lock-order.read-inversion', NESTING),
};
