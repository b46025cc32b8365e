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
  doc: `One of three (X§5.1). A recorded count is not the one before plus or minus 2^order. A frame is in the cache and mapped
in the same domain's host p2m when a section ends: it will be given out a second time (XSA-247). A page with PGC_xen_heap
or PGC_extra enters the cache: it is Xen's own (XSA-507).`,
  mechanism: `p2m_pod_decrease_reservation and the zero checks take a frame out of the p2m and hand it to p2m_pod_cache_add
(xen/arch/x86/mm/p2m-pod.c); an ignored error of the first step leaves it in both.`,
  confirm: `select seq, kind, domid, hex(gfn) as gfn, hex(mfn) as mfn, "order", arg0 as count, rc, symbol from events where
seq in ($counted, $mapped, $special, $cached) order by seq`,
  fix: `Look at the return code of set_entry before the frame goes to the cache; pass over special pages.`,
  limits: `Frames that were in the cache before the trace are not known to be there. entry_count is not judged: not all that
changes it is recorded.`,
  sql: breachSql('consistency.pod-accounting', {
    subject: ['domid', 'mfn', 'count'],
    signature: ['detail', 'p2m_type', 'site'],
  }),
};
