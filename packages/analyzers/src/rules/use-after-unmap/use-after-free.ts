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
  doc: `A frame was used, or a p2m entry was made to map it, while it was free; or it was used by a pcpu that had looked it up
before it was freed and allocated anew, and that neither holds a reference on what it is now nor allocated it itself.
Mail 0: "no guarantee that the mfn is still in the p2m, or in fact even owned by the same domain" (XSA-219, XSA-288,
XSA-384, XSA-500, XSA-501).`,
  mechanism: `An mfn that is kept across the end of what protected it: the lock of another table (gnttab_map_frame and the
p2m, XSA-384), a reference on another page (XSA-500), one that was dropped too early (XSA-219).`,
  confirm: `select generation, owner, from_seq, to_seq from page_spans where mfn = $mfn order by generation`,
  fix: 'A reference from before the page can be freed until after the last use.',
  limits: `Allocations that are not recorded make a frame look free: those of a control domain are left out where the trace
shows none of its pages. What an mfn stands for outside of lookups is not followed.`,
  sql: breachSql('use-after-unmap.use-after-free', {
    subject: ['mfn', 'pcpu', 'domid'],
    signature: ['site'],
  }),
};
