import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const partialReference: Rule = {
  id: 'refcount.partial-reference',
  title: 'PGT_partial was set or cleared without its general reference',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'a comment in asm/mm.h (docs/xen.md#pgt-partial)',
    versions: 'since 2009',
  },
  confidence: 'proven',
  needs: ['get_type', 'get_page|put_page'],
  doc: `A page table whose validation was preempted keeps a general reference of its own: "An extra page reference
must be acquired … whenever PGT_partial gets set, and it must be dropped when the flag gets cleared"
(docs/xen.md#thread-count-overflow). get_page_light takes it just before PGT_partial is set, and put_page drops it
just before the flag is cleared (docs/xen.md#pgt-partial). Here one came without the other: the page can be freed
while it is partially validated, or never.`,
  fires: `PGT_partial becomes set, and the pcpu's previous event on that frame is not a get_page with the flag light;
or it becomes clear, and that event is not a put_page.`,
  nearMiss: 'get_page_light comes just before the flag is set, and put_page just before it is cleared.',
  mechanism: `_get_page_type() and _put_page_type() in xen/arch/x86/mm.c, on -ERESTART and -EINTR; error paths that
drop what the flag owns (XSA-58), or forget the flag (XSA-299, XSA-310).`,
  confirm: `select seq, kind, pcpu, flags, hex(count_info) as count_info, hex(type_info) as type_info, rc,
event_site(symbol, caller, pcpu, seq) as site from events where covers(mfn, "order", $mfn)
and kind in ('get_page', 'put_page', 'get_type', 'put_type', 'alloc_ref_drop') order by seq`,
  fix: 'Take and drop the reference in the same step as the flag, and nowhere else.',
  limits: `It relies on the order in which Xen 4.17 records the two, one right after the other. For each pcpu the last
eight reference events are remembered.`,
  sql: breachSql('refcount.partial-reference', {
    subject: ['mfn'],
    signature: ['site'],
  }),
};
