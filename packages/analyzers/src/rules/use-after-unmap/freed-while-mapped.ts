import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

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
  doc: `page_free on a frame that an entry of a live domain still maps: the guest can reach memory that belongs to
somebody else (X§0.5; XSA-222, XSA-247, XSA-379). A domain's teardown frees what its p2m still maps, which is no
defect: it counts only where the domain's p2m is used again afterwards.`,
  mechanism: `p2m entries hold no reference on x86 but for map_foreign (X§3.3), so nothing keeps a page from being freed under
one. Who frees has to remove the entry first, and to look whether that worked: a split that fails for want of memory was
ignored by guest_physmap_remove_page (XSA-222) and by PoD's zero check (XSA-247); a frame at two gfns was removed from one
(XSA-379).`,
  confirm: `select domid, view, gfn, "order", mfn, p2m_type, from_seq, to_seq from mapping_spans
where mfn <= $mfn and $mfn < mfn + 2 ** "order" order by from_seq`,
  fix: `Check what the removal returned, and keep the page where it failed; remove every alias before the last put.`,
  limits: `A teardown frees what its p2m still maps: only where that p2m is used again later is it a defect, so the end of a
recording can hide one. Where no event tells of its end, a domain of which all pages went is taken
for torn down, and the next user of its id for another one. Entries from before the trace count once a lookup shows them.`,
  sql: breachSql('use-after-unmap.freed-while-mapped', {
    subject: ['mfn', 'generation', 'domid', 'view', 'gfn'],
    signature: ['view', 'detail as owner'],
  }),
};
