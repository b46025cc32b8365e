import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const pagedWhileReferenced: Rule = {
  id: 'consistency.paged-while-referenced',
  title: 'the pager took a page that others hold',
  severity: 'error',
  belief: {
    basis: 'asserted',
    source: 'mem_paging refuses to nominate or evict a page in use with -EBUSY (docs/xen.md#paging)',
  },
  confidence: 'proven',
  needs: ['set_entry', 'get_page'],
  refutedBy: ['put_page'],
  doc: `The entry of a mapped page became ram_paging_out or ram_paged, which is what nominating and evicting write, while
somebody else than the pager held a reference. The guest's next use of the gfn brings in a copy, and whoever holds the old
page goes on with that: what either writes the other never sees (docs/xen.md#paging; docs/xen.md#thread-xenpaging-locks).`,
  fires: `set_entry with ram_paging_out or ram_paged over an entry that maps a page, with references besides the
allocation's own and those that the pcpu took under the p2m lock that it holds (likely if none of them is seen being
taken, a note if all of them may have been dropped before, by puts that are recorded behind it).`,
  nearMiss: 'Nobody holds the page at that write; or the eviction is refused.',
  mechanism: `nominate looks for a count of 1, evict for 2, one of them its own, before they write the entry
(xen/arch/x86/mm/mem_paging.c).`,
  confirm: `select seq, kind, pcpu, hex(gfn) as gfn, hex(mfn) as mfn, p2m_type, hex(count_info) as count_info,
event_site(symbol, caller, pcpu, seq) as site from events where covers(gfn, "order", $gfn) or covers(mfn, "order",
$mfn) order by seq`,
  fix: "Check the count under the gfn's lock, in the section that changes the entry.",
  limits: `Of domains for which the trace has the pager's own operations consistency.paging-state tells the same. Without locks in the
trace all references of the pcpu count as the pager's own.`,
  sql: breachSql('consistency.paged-while-referenced', {
    subject: ['domid', 'gfn', 'mfn', 'p2m_type', 'count'],
    signature: ['p2m_type', 'old_type', 'site'],
  }),
};
