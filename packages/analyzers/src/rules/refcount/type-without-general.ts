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
  refutedBy: ['put_type'],
  doc: `The type count is above 0 while the general count is 0 (docs/xen.md#page-invariants forbids it): "a page left
with zero general reference count, but non-zero type reference count" goes back to the heap while somebody relies on
its type (docs/xen.md#thread-count-overflow). Only likely if PGT_partial is set, because relinquish_memory takes the
type reference of a partial page without an event. If it drops two references in a row, which shows that it did,
nothing is reported.`,
  fires: `After a put, the general count is 0 and the type count is not; or a get_type on a page with count 0. The
page is not a xenheap page. Witnesses are the last event that wrote the type, and the last that wrote the count.`,
  nearMiss: 'put_page_and_type: the type is put first.',
  mechanism: `put_page() without the put_page_type() that goes with it; or PGT_partial set without the general
reference it owns, and the domain destroyed afterwards (docs/xen.md#thread-count-overflow; XSA-58, XSA-310).`,
  confirm: `select seq, kind, pcpu, hex(count_info) as count_info, hex(type_info) as type_info, event_site(symbol,
caller, pcpu, seq) as site from events where covers(mfn, "order", $mfn) and seq <= $count order by seq desc limit 20`,
  fix: 'Use put_page_and_type(), or put the type first. For PGT_partial see refcount.partial-reference.',
  limits:
    'Xenheap pages, which keep a type reference for good, are left out. So are pages whose count or type is unknown.',
  sql: breachSql('refcount.type-without-general', {
    subject: ['mfn', 'owner as domid', 'count as type_count'],
    signature: ['site'],
  }),
};
