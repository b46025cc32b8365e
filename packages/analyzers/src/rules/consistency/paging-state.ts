import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const pagingState: Rule = {
  id: 'consistency.paging-state',
  title: 'a step of the pager that the state does not allow',
  severity: 'error',
  belief: {
    basis: 'asserted',
    source: 'mem_paging refuses such a step, and nominating or evicting a page in use with -EBUSY (docs/xen.md#paging)',
  },
  confidence: 'proven',
  needs: ['page_nominate|page_evict'],
  refutedBy: ['put_page'],
  doc: `The pager took a step that mem_paging does not have from the state the gfn is known to be in, such as evicting
a page that was not nominated; or page_nominate or page_evict succeeded while others than the pager held the page,
where it should have returned -EBUSY (docs/xen.md#paging; docs/xen.md#thread-xenpaging-locks).`,
  fires: `A step of the pager from a known type that does not allow it; or page_nominate or page_evict that succeeds
while somebody else holds a reference (likely if none of those references is seen being
taken, a note if all of them may have been dropped before, by puts that are recorded behind it).`,
  nearMiss: 'Nominate, evict, populate, prep, resume, in that order; or the eviction of a page in use is refused.',
  mechanism: `nominate takes the entry from RAM to paging_out, at count 1; evict from paging_out to paged, at count 2;
populate, prep and resume lead back (xen/arch/x86/mm/mem_paging.c).`,
  confirm: `select seq, kind, pcpu, hex(gfn) as gfn, hex(mfn) as mfn, p2m_type, hex(count_info) as count_info, rc,
event_site(symbol, caller, pcpu, seq) as site from events where covers(gfn, "order", $gfn) or covers(mfn, "order",
$mfn) order by seq`,
  fix: "Check type and count under the gfn's lock, in the section that changes the entry.",
  limits: `The pager's own references are those that it took under the p2m lock that it holds, and where no lock is
recorded all of its pcpu. A gfn that is populated or resumed again is not reported, because a second vcpu that waits for
it does that. References older than the trace may be the pager's own, and only make it likely.`,
  sql: breachSql('consistency.paging-state', {
    subject: ['domid', 'gfn', 'mfn'],
    signature: ['detail', 'kind', 'old_type', 'site'],
  }),
};
