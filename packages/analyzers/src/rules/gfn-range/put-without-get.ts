import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const putWithoutGet: Rule = {
  id: 'gfn-range.put-without-get',
  title: 'put_gfn of a gfn that the pcpu has not got',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'put_gfn() gives back what get_gfn() took (docs/xen.md#get-gfn)',
  },
  confidence: 'proven',
  needs: ['lookup', 'put_gfn'],
  doc: `put_gfn came twice for one lookup with the lock: the second releases a lock that belongs to somebody else, or to an
outer section of the same pcpu (mail 2: get_p2m and put_p2m, "with recursive get allowed"). Possible only where the trace
has no put_gfn of that gfn before it: the lookup may have come before the trace.`,
  mechanism: `put_gfn() drops one count of the p2m's recursive write lock (X§3.3): with a count left nothing is noticed at
once, and the section ends too early.`,
  confirm: `select seq, kind, hex(gfn) as gfn, flags, coalesce(symbol, hex(caller)) as site from events where kind in
('lookup', 'put_gfn') and pcpu = $pcpu and domid = $domid and covers(gfn, "order", $gfn) and seq between $put -
1000 and $put order by seq`,
  fix: 'One put_gfn for each lookup with the lock, on every way out.',
  limits:
    'Of each pcpu the last eight put_gfns are remembered: a second one that comes later than that is possible only.',
  sql: breachSql('gfn-range.put-without-get', {
    subject: ['domid', 'view', 'gfn', 'pcpu'],
    signature: ['view', 'site'],
  }),
};
