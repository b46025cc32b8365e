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
  doc: `The gfn of a range is not a multiple of 2^order, so with locks of that granularity it needs two of them:
"external calls (e.g. MEMF_populate_on_demand) could possibly pass unaligned ranges. These complicate fine-grain
concurrency. Should we fail those?" (docs/xen.md#thread-xenpaging-locks).`,
  fires: 'put_gfn of a gfn that is not a multiple of 2^order.',
  nearMiss: 'The range is aligned.',
  mechanism: `Hypercalls take gfn and order from outside. Since XSA-388 PoD splits an unaligned range
(docs/xen.md#pod-decrease-reservation); an unaligned set_entry fails on EPT (docs/xen.md#alignment), or is
consistency.misaligned-order.`,
  confirm: `select seq, kind, domid, hex(gfn) as gfn, "order", event_site(symbol, caller, pcpu, seq) as site
from events where seq = $unaligned`,
  fix: 'Refuse it, or cut it into aligned pieces.',
  limits: `Only a put_gfn with an order shows a range. What a guest asks for (decrease_reservation) is not judged, as
Xen may cut it into pieces.`,
  sql: breachSql('gfn-range.unaligned', {
    subject: ['domid', 'gfn', 'order'],
    signature: ['order', 'site'],
  }),
};
