import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const unprotectedWindow: Rule = {
  id: 'use-after-unmap.unprotected-window',
  title: 'a translation was used that nothing protected',
  severity: 'note',
  belief: {
    basis: 'customary',
    source: 'a rule that a thread proposes (docs/xen.md#thread-p2m-lookup-locking)',
  },
  confidence: 'possible',
  needs: ['lookup', 'lock_acquire', 'page_use|get_page'],
  doc: `A frame was used, or a reference on it was taken, behind a lookup whose lock had been dropped, or that had none, and with
no reference held. Nothing changed this time: under another interleaving it is use-after-unmap.stale-translation or
.late-reference (mail 0: "once it has the mfn, it will map it, write to it, and unmap it").`,
  mechanism: `get_gfn_query_unlocked(), or an mfn that is kept beyond put_gfn(): its result is "valid only under other
protection" (X§3.3).`,
  confirm: 'select * from lookups where seq = $lookup',
  fix: 'get_page_from_gfn(), which takes the reference before it drops the lock; or keep the lock until after the use.',
  limits: 'Protection that is not recorded, such as a domain that is paused or a lock of another table, is not seen.',
  sql: breachSql('use-after-unmap.unprotected-window', {
    subject: ['domid', 'view', 'gfn', 'mfn', 'pcpu'],
    signature: ['site'],
    severity: 'null',
  }),
};
