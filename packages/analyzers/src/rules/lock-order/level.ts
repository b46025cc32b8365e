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
  refutedBy: ['lock_release'],
  doc: `A lock was taken whose level is below the pcpu's mm_lock_level. Xen prints "mm locking order violation" and
stops (docs/xen.md#lock-checks; xen/arch/x86/mm/mm-locks.h). Equal levels are legal; a write lock that the pcpu
already holds is not checked; a control domain's locks are biased by 64. The check comes before the lock is taken, so a
wait that nothing of its pcpu follows is the violation that stopped Xen.`,
  fires: `A pcpu takes an mm lock while its level is above that of the lock, or waits for it and is not heard of again.`,
  nearMiss: "Equal levels; or a write lock that the pcpu already holds; or a control domain's lock inside a guest's.",
  mechanism: `mm-locks.h compares with a strict > and calls BUG(), in every build. Locks with higher levels go inside:
nestedp2m 8, p2m 16, per_page_sharing 24, altp2mlist 32, altp2m 40, pod 48, page_alloc 56, paging 64
(docs/xen.md#lock-levels). Taking the sharing lock below altp2m ran into it (docs/xen.md#thread-altp2m-shared).`,
  confirm: 'select * from lock_spans where from_seq in ($held, $acquired)',
  fix: 'Take the lower lock first, before the section begins; or move the class, as 4.8 did with per_page_sharing.',
  limits: `Levels are as recorded, and the pcpu's own level is what the trace shows. Locks taken before the trace or
while records were lost are missing from it, and so are violations under them.`,
  sql: breachSql('lock-order.level', NESTING),
};
