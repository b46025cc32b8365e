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
  doc: `A step that mem_paging does not have from the state in which the gfn is known to be, such as an eviction of a page that
was not nominated; or page_nominate or page_evict succeeded while others than the pager held the page, and should have
said -EBUSY (X§5.2; mail 2).`,
  mechanism: `nominate: ram to paging_out at count 1; evict: paging_out to paged at count 2; populate, prep and resume lead back
(xen/arch/x86/mm/mem_paging.c).`,
  confirm: `select seq, kind, pcpu, hex(gfn) as gfn, hex(mfn) as mfn, p2m_type, hex(count_info) as count_info, rc, symbol
from events where covers(gfn, "order", $gfn) or covers(mfn, "order", $mfn) order by seq`,
  fix: `Check type and count under the gfn's lock, in the section that changes the entry.`,
  limits: `A gfn that is populated or resumed once more is not reported: a second vcpu that waits for it does so. References that
were taken before the trace may be the pager's own, and make it likely only.`,
  sql: breachSql('consistency.paging-state', {
    subject: ['domid', 'gfn', 'mfn'],
    signature: ['detail', 'kind', 'old_type', 'site'],
  }),
};
