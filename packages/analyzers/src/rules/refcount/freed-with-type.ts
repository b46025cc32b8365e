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
  doc: `A page was freed, or went to another domain, with a type count above 0, or as a page table that is validated still:
its entries hold references that nobody will put (X§4.3: free_domheap_pages stops where type references remain; XSA-242,
XSA-310). Given away it must not be a validated descriptor table either: the new owner's is never looked at (XSA-214).
Likely only where PGT_partial is set: relinquish_memory takes that type reference without an event. Where the references
that it drops with it show that it was there (two in a row by a pcpu that took one, PGC_allocated being clear), the type
is gone, and nothing is said.`,
  mechanism: `A last type reference that goes without cleaning up (page_unlock() in XSA-242); steal_page() that leaves
type_info as it is (XSA-214).`,
  confirm: `select seq, kind, pcpu, hex(type_info) as type_info, rc, coalesce(symbol, hex(caller)) as site from events where
covers(mfn, "order", $mfn) and kind in ('get_type', 'put_type', 'page_alloc', 'page_free', 'owner_set') order by
seq`,
  fix: 'Drop type references by put_page_type() alone, which devalidates; discard the type of what is given away.',
  limits: `Xenheap pages, which keep a type reference for good, are left out. A writable page stays validated at type count 0:
that is normal.`,
  sql: breachSql('refcount.freed-with-type', {
    subject: ['mfn', 'owner as domid', 'count as type_count'],
    signature: ['detail', 'site'],
  }),
};
