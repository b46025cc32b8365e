import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const typeWithoutGeneral: Rule = {
  id: 'refcount.type-without-general',
  title: 'a page has a type reference and no general one',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'a type count above 0 means a count above 0 (docs/xen.md#page-invariants)',
  },
  confidence: 'proven',
  needs: ['get_type', 'get_page|put_page'],
  doc: `The type count is above 0 while the general count is 0, which X§4.3 rules out: the page goes back to the heap while
somebody relies on its type (mail 4: "a page left with zero general reference count, but non-zero type reference
count"). Likely only where PGT_partial is set: relinquish_memory takes the type reference of a partial page without an
event. Where the references that it drops with it show that it was there (two in a row by a pcpu that took one,
PGC_allocated being clear), the type is gone, and nothing is said.`,
  mechanism: `put_page() without the put_page_type() that belongs to it; or PGT_partial that was set without the general
reference that it owns, followed by the domain's destruction (mail 4; XSA-58, XSA-310).`,
  confirm: `select seq, kind, pcpu, hex(count_info) as count_info, hex(type_info) as type_info, coalesce(symbol,
hex(caller)) as site from events where covers(mfn, "order", $mfn) and seq <= $count order by seq desc limit 20`,
  fix: 'put_page_and_type(), or the type first. For PGT_partial see refcount.partial-reference.',
  limits:
    'Xenheap pages, which keep a type reference for good, are left out; so are pages whose count or type is unknown.',
  sql: breachSql('refcount.type-without-general', {
    subject: ['mfn', 'owner as domid', 'count as type_count'],
    signature: ['site'],
  }),
};
