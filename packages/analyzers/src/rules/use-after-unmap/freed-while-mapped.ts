import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';
import { lastPut } from '../put-sites.js';

export const freedWhileMapped: Rule = {
  id: 'use-after-unmap.freed-while-mapped',
  title: 'a page was freed while a p2m entry still mapped it',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'XSA-222, XSA-247, XSA-379 (docs/xen.md#no-entry-reference)',
  },
  confidence: 'proven',
  needs: ['set_entry|lookup', 'page_free'],
  refutedBy: ['set_entry'],
  doc: `A page was freed while an entry of a live domain still mapped it: the guest can reach memory that belongs to
somebody else (docs/xen.md#no-entry-reference; XSA-222, XSA-247, XSA-379). A domain's teardown also frees what its p2m
still maps. That is no defect, so the rule fires only if the domain lives on, or the free is none of a teardown's.
last_put_at is the function that dropped the last reference.`,
  fires: `page_free of a frame that an entry of any view maps, followed by a sign that the domain lives: it gets a page, an
entry of it maps one, it uses one, one of its vcpus faults on a gfn or is known to give memory back, PoD populates a gfn
of it, or it begins to die (domain_dying). Its p2m is looked up and gives a frame, or whoever gives memory of it back:
likely, if it is torn down later. Or the page is freed with PGC_allocated
still set, as relinquish_memory() never does; or in a section that writes, or tries to write, that p2m and ends with the
entry still there.`,
  nearMiss: `The entry is removed first; or the domain is torn down: it was said to be dying, or all that comes afterwards
are lookups that find nothing.`,
  mechanism: `On x86 only map_foreign entries hold a page reference, so nothing keeps a page from being freed while an
entry maps it. Whoever frees it has to remove the entry first and check that this worked. guest_physmap_remove_page
(XSA-222) and PoD's zero check (XSA-247) ignored a split that failed for lack of memory; in XSA-379 a frame was at two
gfns and was removed from one.`,
  confirm: `select domid, view, gfn, "order", mfn, p2m_type, from_seq, to_seq from mapping_spans
where mfn <= $mfn and $mfn < mfn + 2 ** "order" order by from_seq`,
  fix: 'Check what the removal returned, and keep the page if it failed. Remove every alias before the last put.',
  limits: `The recording may end before the domain shows that it lives, which hides a defect. If the trace does not show
the end of a domain, a domain that lost 64 pages or more at once and has none left is taken to be torn down, and the next
user of its domid to be another domain; what lookups show after so many is no sign of life. An entry from before the
trace counts once a lookup has shown it.`,
  sql: breachSql('use-after-unmap.freed-while-mapped', {
    subject: ['mfn', 'generation', 'domid', 'view', 'gfn', 'last_put_at'],
    joins: lastPut('use-after-unmap.freed-while-mapped', '<=', 'freed'),
    signature: ['view', 'detail as owner'],
  }),
};
