import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';
import { NESTING } from './nesting.js';

export const level: Rule = {
  id: 'lock-order.level',
  title: "Xen's own mm lock order is violated",
  severity: 'error',
  belief: {
    basis: 'asserted',
    source: 'a failed check is a BUG() in every build (docs/xen.md#lock-checks)',
  },
  confidence: 'proven',
  needs: ['lock_acquire'],
  doc: `A lock was taken whose level is below the pcpu's mm_lock_level: Xen prints "mm locking order violation" and stops
(X§2.2, xen/arch/x86/mm/mm-locks.h). Equal levels are legal, read locks are checked but raise nothing, a write lock
that the pcpu holds already is not checked, control-domain locks are biased by 64.`,
  mechanism: `xen/arch/x86/mm/mm-locks.h compares with a strict > and calls BUG() in every build, not in debug builds only (X§2.2). Locks of higher levels are to be taken inside: nestedp2m 8, p2m 16, per_page_sharing 24, altp2mlist 32,
altp2m 40, pod 48, page_alloc 56, paging 64 (X§2.1). Mail 1 is about such a stop: sharing below altp2m.`,
  confirm: 'select * from lock_spans where from_seq in ($held, $acquired)',
  fix: `Take the lower lock first, before the section begins; or move the class, as 4.8 did with per_page_sharing.`,
  limits: `Levels are as recorded, and the pcpu's own level as the trace shows it: locks taken before the trace or while
records were lost are missing, so violations under them are too.`,
  sql: breachSql('lock-order.level', NESTING),
};
