import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const putTooMany: Rule = {
  id: 'refcount.put-too-many',
  title: 'a put too many',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'PGC_allocated means a count of at least 1 (docs/xen.md#page-invariants, from the fix of XSA-287)',
  },
  confidence: 'proven',
  needs: ['put_page'],
  refutedBy: ['get_page'],
  doc: `put_page left a count of 0 with PGC_allocated still set. The last reference was the allocation's own, which
put_page_alloc_ref alone drops, and that clears the flag (docs/xen.md#allocation-reference): somebody dropped a reference
that it did not have, and the page goes back to the heap while its owner still uses it. put_before is the last put by a
pcpu that had no reference of its own: if there is one, it may be the put that is too many. Likewise a put by a pcpu whose
reference, acquired, was of an earlier generation of the frame: it drops a reference of whoever has the page now.`,
  fires: `The count after put_page is 0, and PGC_allocated is set. Likely, where the count is not recorded; and where the
pcpu has no reference on this generation of the page, but one left from the one before.`,
  nearMiss: "put_page_alloc_ref drops the allocation's reference; or somebody's own reference is the last.",
  mechanism: `An error path puts what it never got; a mapping is put once for each of two unmaps (XSA-218, XSA-380); a
reference is kept across the end of the page that it was taken for (XSA-219).`,
  confirm: `select seq, kind, pcpu, owner, hex(count_info) as count_info, event_site(symbol, caller, pcpu, seq) as
site from events where covers(mfn, "order", $mfn) and kind in ('get_page', 'put_page', 'alloc_ref_drop', 'page_alloc',
'page_free') and seq <= $put order by seq desc limit 20`,
  fix: 'Find out which of the puts before it is one too many. It need not be the last.',
  limits: `A put too many of a page with references left is seen only when the last of them is put, unless a reference of
an earlier generation tells. Who then puts may be the one that was robbed.`,
  sql: breachSql('refcount.put-too-many', {
    subject: ['mfn', 'generation', 'owner as domid', 'pcpu', 'lock_site as put_under_lock_of'],
    signature: ['detail as dropped'],
    known: [`if(b.by_lock, null, b.site::varchar) as site`],
  }),
};
