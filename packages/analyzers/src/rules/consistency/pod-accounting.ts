import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const podAccounting: Rule = {
  id: 'consistency.pod-accounting',
  title: 'the PoD cache has a page that it must not have, or counts wrong',
  severity: 'error',
  belief: {
    basis: 'asserted',
    source:
      'p2m_pod_cache_add() and p2m_pod_cache_get() keep the count, and BUG() where entry_count falls below 0 (docs/xen.md#pod-cache)',
  },
  confidence: 'proven',
  needs: ['pod_cache_add|pod_cache_get'],
  doc: `One of three things (docs/xen.md#pod-cache): a recorded count is not the previous one plus or minus 2^order; a
frame is in the cache and still mapped in the same domain's host p2m when a section ends, so it will be given out a
second time (XSA-247); or a page with PGC_xen_heap or PGC_extra, which is Xen's own, enters the cache (XSA-507).`,
  fires: `pod_cache_add or pod_cache_get with a count that is not the previous one plus or minus 2^order; a frame in
the cache that the host p2m maps at the end of a section; a special page that enters the cache.`,
  nearMiss: 'The count goes by 2^order; the entry is removed before the frame is cached; an ordinary page.',
  mechanism: `p2m_pod_decrease_reservation and the zero checks take a frame out of the p2m and hand it to
p2m_pod_cache_add (xen/arch/x86/mm/p2m-pod.c). If an error of the first step is ignored, it is in both.`,
  confirm: `select seq, kind, domid, hex(gfn) as gfn, hex(mfn) as mfn, "order", arg0 as count, rc, event_site(symbol,
caller, pcpu, seq) as site from events where seq in ($counted, $mapped, $special, $cached) order by seq`,
  fix: 'Check the return code of set_entry before the frame goes to the cache; pass over special pages.',
  limits: `Frames that were in the cache before the trace are not known to be there. entry_count is not judged,
because not everything that changes it is recorded.`,
  sql: breachSql('consistency.pod-accounting', {
    subject: ['domid', 'mfn', 'count'],
    signature: ['detail', 'p2m_type', 'site'],
  }),
};
