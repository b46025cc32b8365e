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
  doc: `put_gfn came twice for one lookup with the lock. The second one releases a lock that belongs to somebody else,
or to an outer section of the same pcpu: get_p2m() and put_p2m() pair up, "with recursive get allowed"
(docs/xen.md#thread-xenpaging-locks). Only possible if the trace has no earlier put_gfn of that gfn, because the
lookup may then be older than the trace.`,
  fires: 'put_gfn of a gfn that the pcpu has already put, and not looked up with the lock since.',
  nearMiss: 'One put_gfn for each lookup, also when lookups nest.',
  mechanism: `put_gfn() drops one count of the p2m's recursive write lock (docs/xen.md#get-gfn). If a count is left,
nothing is noticed at once, and the section ends too early.`,
  confirm: `select seq, kind, hex(gfn) as gfn, flags, event_site(symbol, caller, pcpu, seq) as site from events where
kind in ('lookup', 'put_gfn') and pcpu = $pcpu and domid = $domid and covers(gfn, "order", $gfn) and seq between $put
- 1000 and $put order by seq`,
  fix: 'Call put_gfn once for each lookup with the lock, on every return path.',
  limits: 'Of each pcpu the last eight put_gfns are remembered; a second one that comes later is only possible.',
  sql: breachSql('gfn-range.put-without-get', {
    subject: ['domid', 'view', 'gfn', 'pcpu'],
    signature: ['view', 'site'],
  }),
};
