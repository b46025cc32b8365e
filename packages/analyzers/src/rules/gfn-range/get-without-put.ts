import { breachSql, cutSeverity } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const getWithoutPut: Rule = {
  id: 'gfn-range.get-without-put',
  title: 'a lookup with the lock was never put',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'put_gfn() gives back what get_gfn() took (docs/xen.md#get-gfn)',
  },
  confidence: 'proven',
  needs: ['lookup'],
  refutedBy: ['put_gfn'],
  doc: `A lookup returned with the gfn's lock held, and its pcpu went on to another vcpu without put_gfn: the lock
stays taken. "p2m lookups without closing set_entry will have to issue a call to drop exclusive access"
(docs/xen.md#thread-xenpaging-locks). At the end of the trace the put_gfn may still come, so that is only possible,
and a note if the lookup is among the last 10,000 events.`,
  fires:
    'A lookup with the lock, and no put_gfn when the pcpu runs another vcpu (sched_switch) or when the trace ends.',
  nearMiss: 'put_gfn before the switch; as many as lookups when they nest.',
  mechanism: 'An early return between get_gfn() and put_gfn(), usually on an error path (docs/xen.md#get-gfn).',
  confirm: 'select l.*, c.symbol from lookups l left join callers c on c.id = l.caller where l.seq = $got',
  fix: 'Have one way out, which calls put_gfn; or use get_page_from_gfn(), which returns with a reference and no lock.',
  limits: `Without scheduler records (sched_switch) nothing is proven. If locks are recorded and put_gfn is not,
nothing is judged: see lock-order.held-at-end. Of each pcpu 64 lookups are remembered.`,
  sql: breachSql('gfn-range.get-without-put', {
    subject: ['domid', 'view', 'gfn', 'pcpu'],
    signature: ['view'],
    severity: cutSeverity('gfn-range.get-without-put', 'got', 'switched'),
  }),
};
