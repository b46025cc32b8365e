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
  doc: `A frame was used, or a reference on it was taken, after a lookup whose lock had been dropped or that never had
one, with no reference held. Nothing changed this time; with other timing it is use-after-unmap.stale-translation or
use-after-unmap.late-reference: "once it has the mfn, it will map it, write to it, and unmap it"
(docs/xen.md#thread-p2m-lookup-locking).`,
  fires: `A lookup, then its lock is dropped or was never taken, then a use of the frame or its first get_page, with
no reference held and the entry unchanged.`,
  nearMiss: 'get_page comes before the lock is dropped.',
  mechanism: `The caller uses get_gfn_query_unlocked(), or keeps an mfn after put_gfn(); either is "valid only under
other protection" (docs/xen.md#get-gfn).`,
  confirm: 'select * from lookups where seq = $lookup',
  fix: `Use get_page_from_gfn(), which takes the reference before it drops the lock; or keep the lock until after the
use.`,
  limits: `Protection that is not recorded, such as a paused domain or a lock of another table, is not seen. Each
lookup is reported once.`,
  sql: breachSql('use-after-unmap.unprotected-window', {
    subject: ['domid', 'view', 'gfn', 'mfn', 'pcpu'],
    signature: ['site'],
    severity: 'null',
  }),
};
