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
  doc: `The lock was released, nobody took it after that, and it is released again: whoever takes it between the two is
without protection from then on (XSA-458).`,
  mechanism: `Error paths that release what the function has released already, or never took: in XSA-458 the lock of an IRQ
descriptor.`,
  confirm: `select s.*, c.symbol from lock_spans s join locks l on l.id = s.lock left join callers c on c.id = s.to_caller
where l.address = $lock and s.to_seq in ($released, $released_again)`,
  fix: 'One place that releases on every way out.',
  limits: 'A lock whose state the trace has not shown, or that records were lost about, is not judged.',
  sql: breachSql('lock-order.release-not-held', {
    subject: ['lock', 'lock_class', 'pcpu'],
    signature: ['lock_class', 'site'],
  }),
};
