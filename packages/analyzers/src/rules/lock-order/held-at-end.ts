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
  refutedBy: ['lock_release'],
  doc: `A pcpu runs another vcpu while it holds a lock. A spinlock cannot be held across a context switch: somebody
returned without releasing it, and nobody will (XSA-30). At the end of the trace the release may be the next event, so
that is only possible, and a note if the lock was taken in the last 10,000 events.`,
  fires: 'A lock is held when its pcpu runs another vcpu (sched_switch), or when the trace ends.',
  nearMiss: 'The lock is released before the switch.',
  mechanism: 'An early return between lock and unlock, usually on an error path.',
  confirm: `select s.*, c.symbol from lock_spans s join locks l on l.id = s.lock left join callers c on c.id = s.from_caller
where l.address = $lock and s.from_seq = $acquired`,
  fix: 'Have one way out, which releases the lock.',
  limits: 'Without scheduler records (sched_switch) nothing is proven. A release that was not recorded looks the same.',
  sql: breachSql('lock-order.held-at-end', {
    subject: ['lock', 'lock_class', 'pcpu'],
    signature: ['lock_class', 'site'],
    severity: cutSeverity('lock-order.held-at-end', 'acquired', 'switched'),
  }),
};
