import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const releaseElsewhere: Rule = {
  id: 'lock-order.release-elsewhere',
  title: 'a lock was released by a pcpu that does not hold it',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'owner and level are per pcpu (docs/xen.md#lock-check-gaps)',
  },
  confidence: 'proven',
  needs: ['lock_acquire', 'lock_release'],
  doc: `A mutex or write lock was released on another pcpu than took it. mm_lock_level and owner are per pcpu (X§2.2): the
holder keeps the level, so its next lock may stop Xen, and the section that it is in has no protection any more.`,
  mechanism: `Work that is handed to another pcpu with the lock held, or an error path that releases a lock it did not take.`,
  confirm: `select s.*, c.symbol from lock_spans s join locks l on l.id = s.lock left join callers c on c.id = s.to_caller
where l.address = $lock and s.from_seq = $acquired`,
  fix: 'Release where it was taken; hand over a reference instead of a lock.',
  limits: 'Readers are not judged: of them the trace need not know all.',
  sql: breachSql('lock-order.release-elsewhere', {
    subject: ['lock', 'lock_class', 'pcpu'],
    signature: ['lock_class', 'site'],
  }),
};
