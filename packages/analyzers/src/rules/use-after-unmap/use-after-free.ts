import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const useAfterFree: Rule = {
  id: 'use-after-unmap.use-after-free',
  title: 'a frame was used after it had been freed',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'XSA-219, XSA-288, XSA-384, XSA-501 (docs/xen.md#safe-lookup)',
  },
  confidence: 'proven',
  needs: ['page_free', 'page_use|set_entry'],
  refutedBy: ['page_alloc'],
  doc: `A frame was used, or mapped by a p2m entry, while it was free; or it was freed and allocated again, and then
used by a pcpu that had looked it up before, holds no reference on the new page and did not allocate it. Whoever keeps
an mfn has "no guarantee that the mfn is still in the p2m, or in fact even owned by the same domain"
(docs/xen.md#thread-p2m-lookup-locking; XSA-219, XSA-288, XSA-384, XSA-500, XSA-501).`,
  fires: `page_free, then a read, write or map of the frame, or a set_entry that maps it, before it is allocated
again. Or: a lookup, page_free, page_alloc, and then a use by the pcpu that looked it up, which neither holds a
reference on the new page nor allocated it.`,
  nearMiss: 'The frame is used before it is freed; or it is looked up again after it was allocated again.',
  mechanism: `An mfn is kept longer than what protected it: the lock of another table (gnttab_map_frame and the p2m,
XSA-384), a reference on another page (XSA-500), a reference dropped too early (XSA-219).`,
  confirm: `select generation, owner, from_seq, to_seq from page_spans where mfn = $mfn order by generation`,
  fix: 'Hold a reference, taken before the page can be freed, until after the last use.',
  limits: `If an allocation is not recorded, the frame looks free. A control domain is therefore left out when the
trace shows none of its pages. Where an mfn comes from is known only from lookups.`,
  sql: breachSql('use-after-unmap.use-after-free', {
    subject: ['mfn', 'pcpu', 'domid'],
    signature: ['site'],
  }),
};
