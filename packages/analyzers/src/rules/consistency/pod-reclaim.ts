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
  refutedBy: ['put_page'],
  doc: `pod_zero_reclaim took a page on which somebody holds a reference; or whose removal put off a TLB flush that was
not made until then, or only after the last look at the page, so that the guest may have written it meanwhile; or a section wrote populate_on_demand over a
mapped frame and left that frame nowhere: not reclaimed, not mapped again, not freed. Restoring the old mapping is a
normal, aborted reclaim (docs/xen.md#pod-zero-check; docs/xen.md#thread-p2m-lookup-locking).`,
  fires: `pod_zero_reclaim of a frame with references beyond the allocation's own (a note if all of them may have been
dropped before, by puts that are recorded behind it); or with no flush between the write of
populate_on_demand, which put one off, and the reclaim, or the last use of the frame before it; or populate_on_demand written over
a mapped frame that is nowhere at the end of the section.`,
  nearMiss:
    'The reclaim is aborted, and the old mapping is restored; the page had no references; the flush comes before the look.',
  mechanism: `p2m_pod_zero_check looks at the count, removes the entry, and has to look again, because somebody may
have taken a reference in between (xen/arch/x86/mm/p2m-pod.c).`,
  confirm: `select seq, kind, pcpu, hex(gfn) as gfn, hex(mfn) as mfn, hex(count_info) as count_info,
event_site(symbol, caller, pcpu, seq) as site from events where covers(mfn, "order", $mfn) order by seq`,
  fix: 'Check the references again once the entry is gone, and restore the old mapping if there are any.',
  limits: `With shadow paging one reference is the shadow's own, and allowed. If a hypervisor records no PoD events,
every reclaim is reported. Flushes are judged where the trace records deferred ones. Frames left nowhere are not judged where the order between pcpus is approximate.`,
  sql: breachSql('consistency.pod-reclaim', {
    subject: ['domid', 'gfn', 'mfn'],
    signature: ['detail', 'site'],
    // The references may have been dropped before, by puts that are recorded later.
    severity: `if(b.confidence = 'proven', null, if(b.detail = 'referenced', 'note', 'warning'))`,
  }),
};
