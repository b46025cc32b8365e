import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';
import { STALE_LOOKUP } from './stale-translation.js';

export const lateReference: Rule = {
  id: 'use-after-unmap.late-reference',
  title: 'a reference was taken after the entry that led to it had changed',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'the safe idiom of p2m_get_page_from_gfn(); XSA-473 (docs/xen.md#safe-lookup)',
  },
  confidence: 'proven',
  needs: ['lookup', 'set_entry|page_free', 'get_page'],
  doc: `get_page came after the lock of the lookup was dropped and the entry had changed: "get p2m_entry, then get_page"
(mail 2). The safe idiom takes the reference before it drops the lock (p2m_get_page_from_gfn, X§3.3); Arm got it wrong
in XSA-473.`,
  mechanism: `get_page only checks the owner. Between the unlock and the get the frame may be freed and be another page of the same
domain, or be shared or paged out (X§3.3). p2m_get_page_from_gfn takes the reference while the lock is held
(xen/arch/x86/mm/p2m.c); Arm took it behind the unlock (XSA-473).`,
  confirm: `select seq, kind, pcpu, domid, hex(gfn) as gfn, hex(mfn) as mfn, p2m_type, flags, symbol from events where seq
between $lookup and $used and (covers(mfn, "order", $mfn) or covers(gfn, "order", $gfn)) order by seq`,
  fix: `Take the reference under the lock (get_page_from_gfn), or look up again behind get_page and compare.`,
  limits: `A caller that looks up again, as above, is sound; where that lookup is recorded the finding is only likely.`,
  sql: breachSql('use-after-unmap.late-reference', STALE_LOOKUP),
};
