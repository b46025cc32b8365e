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
  doc: `A lookup returned with the gfn's lock, and its pcpu went on to another vcpu without put_gfn: the lock stays taken
(mail 2: "p2m lookups without closing set_entry will have to issue a call to drop exclusive access"). At the end of the
trace the put_gfn may come yet: possible, and a note where the lookup is one of the last 10,000 events.`,
  mechanism: 'An early return between get_gfn() and put_gfn(), mostly of an error path (X§3.3).',
  confirm: 'select l.*, c.symbol from lookups l left join callers c on c.id = l.caller where l.seq = $got',
  fix: 'One way out that puts; or get_page_from_gfn(), which returns with a reference and no lock.',
  limits: `Without scheduler records (sched_switch) nothing is proven. Where locks are recorded and put_gfn is not, it is not
judged: see lock-order.held-at-end. 64 lookups of a pcpu are remembered.`,
  sql: breachSql('gfn-range.get-without-put', {
    subject: ['domid', 'view', 'gfn', 'pcpu'],
    signature: ['view'],
    severity: cutSeverity('gfn-range.get-without-put', 'got', 'switched'),
  }),
};
