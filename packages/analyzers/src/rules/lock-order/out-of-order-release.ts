import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const outOfOrderRelease: Rule = {
  id: 'lock-order.out-of-order-release',
  title: 'an mm lock was released before one that was taken later',
  severity: 'error',
  belief: {
    basis: 'customary',
    source: 'mm_unlock() restores the level that was saved, in any order (docs/xen.md#lock-check-gaps)',
  },
  confidence: 'proven',
  needs: ['lock_acquire', 'lock_release'],
  doc: `Unlocking an mm lock restores the level that was saved when it was taken (X§2.2). Where a lock taken later is still
held, the pcpu's level is too low from then on: A(16), B(40), unlock A leaves level 0 while B is held, and Xen's own check
is blind to what should come after B.`,
  mechanism: 'mm_unlock() and mm_write_unlock() in xen/arch/x86/mm/mm-locks.h write unlock_level back as it is.',
  confirm: 'select * from lock_spans where from_seq in ($acquired, $acquired_later)',
  fix: 'Last in, first out.',
  limits: `Locks without a level and readers are left out: they change no level, and the order of their release is free.`,
  sql: breachSql('lock-order.out-of-order-release', {
    subject: ['lock_class', 'lock', 'held_class', 'held_lock', 'pcpu'],
    signature: ['lock_class', 'held_class', 'held_site', 'site'],
  }),
};
