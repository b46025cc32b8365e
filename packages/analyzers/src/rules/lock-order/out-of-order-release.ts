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
  doc: `Unlocking an mm lock restores the level that was saved when it was taken (docs/xen.md#lock-checks). If a lock
taken later is still held, the pcpu's level is too low from then on: lock A(16), lock B(40), unlock A leaves level 0
while B is held, and Xen's own check no longer sees what has to come after B.`,
  fires: 'The last release of an mm lock (mutex or write) while one that the pcpu took later is still held.',
  nearMiss: 'Last in, first out.',
  mechanism: 'mm_unlock() and mm_write_unlock() in xen/arch/x86/mm/mm-locks.h write unlock_level back as it is.',
  confirm: 'select * from lock_spans where from_seq in ($acquired, $acquired_later)',
  fix: 'Release in the reverse order.',
  limits: `Locks without a level and read locks are left out: they do not change the level, and may be released in any
order.`,
  sql: breachSql('lock-order.out-of-order-release', {
    subject: ['lock_class', 'lock', 'held_class', 'held_lock', 'pcpu'],
    signature: ['lock_class', 'held_class', 'held_site', 'site'],
  }),
};
