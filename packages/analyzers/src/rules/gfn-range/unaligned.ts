import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const unaligned: Rule = {
  id: 'gfn-range.unaligned',
  title: 'a range begins inside of a superpage of its own order',
  severity: 'warning',
  belief: {
    basis: 'customary',
    source: 'a question of a thread of 2011 (docs/xen.md#thread-xenpaging-locks)',
  },
  confidence: 'proven',
  needs: ['put_gfn'],
  doc: `The gfn of a range is no multiple of 2^order, so with locks of that granularity it needs two of them (mail 2:
"external calls (e.g. MEMF_populate_on_demand) could possibly pass unaligned ranges. These complicate fine-grain
concurrency. Should we fail those?").`,
  mechanism: `Hypercalls take gfn and order from outside. Since XSA-388 PoD splits what is not aligned
(p2m_pod_decrease_reservation, X§5.1); a set_entry with it fails on EPT (X§3.3) or is consistency.misaligned-order.`,
  confirm: `select seq, kind, domid, hex(gfn) as gfn, "order", coalesce(symbol, hex(caller)) as site from events where seq =
$unaligned`,
  fix: 'Refuse it, or cut it into aligned pieces.',
  limits: `Only a put_gfn with an order tells of a range. What a guest asks for (decrease_reservation) is not judged: Xen
may cut it into pieces.`,
  sql: breachSql('gfn-range.unaligned', {
    subject: ['domid', 'gfn', 'order'],
    signature: ['order', 'site'],
  }),
};
