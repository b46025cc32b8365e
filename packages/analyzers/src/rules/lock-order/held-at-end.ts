import { breachSql, cutSeverity } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const heldAtEnd: Rule = {
  id: 'lock-order.held-at-end',
  title: 'a lock is held when its pcpu goes on to something else',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'XSA-30 (docs/xen.md#xsa-30)',
  },
  confidence: 'proven',
  needs: ['lock_acquire'],
  doc: `A spinlock can't be held across a context switch: the pcpu runs another vcpu, and nobody will release it. Somebody
returned without (XSA-30). At the end of the trace it may be released by the next event: that is possible only,
and a note where the lock was taken in the last 10,000 events.`,
  mechanism: 'An early return, mostly of an error path, between lock and unlock.',
  confirm: `select s.*, c.symbol from lock_spans s join locks l on l.id = s.lock left join callers c on c.id = s.from_caller
where l.address = $lock and s.from_seq = $acquired`,
  fix: 'One way out that releases.',
  limits: `Without scheduler records (sched_switch) nothing is proven. A release that was not recorded looks the same.`,
  sql: breachSql('lock-order.held-at-end', {
    subject: ['lock', 'lock_class', 'pcpu'],
    signature: ['lock_class', 'site'],
    severity: cutSeverity('lock-order.held-at-end', 'acquired', 'switched'),
  }),
};
