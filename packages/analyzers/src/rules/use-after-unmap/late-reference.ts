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
  doc: `get_page came after the lookup's lock was dropped and the entry had changed. Looking up and taking the
reference have to be one step (docs/xen.md#thread-xenpaging-locks); the safe idiom takes the reference before it drops
the lock (docs/xen.md#safe-lookup). Arm got it wrong in XSA-473.`,
  fires: `As use-after-unmap.stale-translation, but the use is a get_page that succeeds, and the lookup had taken no
reference before.`,
  nearMiss: 'get_page comes before the lock is dropped, as in p2m_get_page_from_gfn.',
  mechanism: `get_page checks the owner and nothing else. Between the unlock and the get, the frame can be freed and
become another page of the same domain, or be shared or paged out. p2m_get_page_from_gfn takes the reference while it
holds the lock (xen/arch/x86/mm/p2m.c); Arm took it after the unlock (XSA-473).`,
  confirm: `select seq, kind, pcpu, domid, hex(gfn) as gfn, hex(mfn) as mfn, p2m_type, flags, event_site(symbol,
caller, pcpu, seq) as site from events where seq between $lookup and $used and (covers(mfn, "order", $mfn) or
covers(gfn, "order", $gfn)) order by seq`,
  fix: 'Take the reference under the lock (get_page_from_gfn), or look up again after get_page and compare.',
  limits: `A caller that looks up again and compares is sound. If that second lookup is recorded, the finding is only
likely. Which lookups a call may still use is told as in use-after-unmap.stale-translation.`,
  sql: breachSql('use-after-unmap.late-reference', STALE_LOOKUP),
};
