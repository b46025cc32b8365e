import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const freedWithType: Rule = {
  id: 'refcount.freed-with-type',
  title: 'a page was freed or given away with a type that is still in use',
  severity: 'error',
  belief: {
    basis: 'asserted',
    source: 'free_domheap_pages() hits BUG() where type references remain (docs/xen.md#page-invariants)',
  },
  confidence: 'proven',
  needs: ['get_type', 'page_free|owner_set'],
  refutedBy: ['put_type'],
  doc: `A page was freed, or given to another domain, with a type count above 0, or as a page table that is still
validated: its entries hold references that nobody will put (docs/xen.md#page-invariants: free_domheap_pages stops if
type references remain; XSA-242, XSA-310). A page that is given away must not be a validated descriptor table either,
because nobody looks at it again for its new owner (XSA-214). Only likely if PGT_partial is set, because
relinquish_memory takes that type reference without an event. If it drops two references in a row, which shows that it
did, nothing is reported.`,
  fires: `page_free, or owner_set to another domain, of a page with a type count above 0 or a page-table type that is
still validated; given away, also of a seg_desc page that is still validated.`,
  nearMiss:
    'The type is put, and devalidated, first. A writable page stays validated at type count 0, which is normal.',
  mechanism: `The last type reference goes without cleaning up (page_unlock() in XSA-242); steal_page() leaves
type_info as it is (XSA-214).`,
  confirm: `select seq, kind, pcpu, hex(type_info) as type_info, rc, event_site(symbol, caller, pcpu, seq) as site
from events where covers(mfn, "order", $mfn) and kind in ('get_type', 'put_type', 'page_alloc', 'page_free',
'owner_set') order by seq`,
  fix: `Drop type references through put_page_type() only, which devalidates. Clear the type of a page that is given
away.`,
  limits: 'Xenheap pages, which keep a type reference for good, are left out.',
  sql: breachSql('refcount.freed-with-type', {
    subject: ['mfn', 'owner as domid', 'count as type_count'],
    signature: ['detail', 'site'],
  }),
};
