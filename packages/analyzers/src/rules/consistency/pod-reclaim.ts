import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const podReclaim: Rule = {
  id: 'consistency.pod-reclaim',
  title: 'a page went back to PoD wrongly',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'the steps of p2m_pod_zero_check() (docs/xen.md#pod-zero-check)',
  },
  confidence: 'proven',
  needs: ['set_entry|pod_zero_reclaim'],
  doc: `pod_zero_reclaim took a page that somebody holds a reference on, or a section wrote populate_on_demand over a mapped
frame and left that frame nowhere: not reclaimed, not mapped again, not freed. Putting the old mapping back is a normal,
aborted reclaim (mail 0; X§5.1).`,
  mechanism: `p2m_pod_zero_check looks at the count, takes the entry away, and has to look again: a reference may have come in
between (xen/arch/x86/mm/p2m-pod.c).`,
  confirm: `select seq, kind, pcpu, hex(gfn) as gfn, hex(mfn) as mfn, hex(count_info) as count_info, symbol from events
where covers(mfn, "order", $mfn) order by seq`,
  fix: `Check the references again once the entry is gone, and put the old mapping back where there is one.`,
  limits: `With shadow paging one reference is the shadow's own, and allowed. A hypervisor that records no PoD events would have
each of its reclaims reported.`,
  sql: breachSql('consistency.pod-reclaim', {
    subject: ['domid', 'gfn', 'mfn'],
    signature: ['detail', 'site'],
  }),
};
