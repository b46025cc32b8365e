import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const releaseNotHeld: Rule = {
  id: 'lock-order.release-not-held',
  title: 'a lock was released that nobody holds',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'XSA-458 (docs/xen.md#xsa-458)',
  },
  confidence: 'proven',
  needs: ['lock_release'],
  refutedBy: ['lock_acquire'],
  doc: `A lock was released, nobody took it, and it was released again. Whoever takes it between the two is
unprotected from the second release on (XSA-458).`,
  fires: 'lock_release of a lock that the trace has shown to be free since its last release.',
  nearMiss: 'It is taken again before it is released again.',
  mechanism: `An error path releases what the function has already released, or never took. In XSA-458 it was the lock
of an IRQ descriptor.`,
  confirm: `select s.*, c.symbol from lock_spans s join locks l on l.id = s.lock left join callers c on c.id = s.to_caller
where l.address = $lock and s.to_seq in ($released, $released_again)`,
  fix: 'Have one place that releases the lock.',
  limits: 'A lock whose state the trace has not shown, or that may have changed among lost records, is not judged.',
  sql: breachSql('lock-order.release-not-held', {
    subject: ['lock', 'lock_class', 'pcpu'],
    signature: ['lock_class', 'site'],
  }),
};
