import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const leak: Rule = {
  id: 'refcount.leak',
  title: 'a reference is never dropped',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: "the allocation's reference must not be the last (docs/xen.md#allocation-reference); XSA-224, XSA-242",
  },
  confidence: 'proven',
  needs: ['get_page', 'put_page|alloc_ref_drop'],
  doc: `The allocation's own reference (PGC_allocated) was dropped, yet the count never reaches 0: somebody took a
reference and forgot it, and the page is lost until reboot (X§4.3). Proven where the owner was torn down meanwhile;
of a domain that is still alive the holder may yet come back. taken_under_lock_of says who took the lock
that was held, where get_page itself has no call site.`,
  mechanism: `get_page adds to count_info and put_page takes away; free_domheap_page comes at 0 only (xen/common/page_alloc.c,
xen/arch/x86/mm.c). put_page_alloc_ref drops the allocation's own reference once; the pair in guest_remove_page, get_page
and put_page around it, is the usual one to lose (X§3.3). XSA-224 and XSA-242 left pages of dead domains that way.`,
  confirm: `select e.seq, e.kind, e.pcpu, e.owner, hex(e.count_info) as count_info,
  coalesce(e.symbol, c.symbol || ' (took the lock that was held)') as site
from events e left join ref_spans r on r.mfn = $mfn and e.seq in (r.from_seq, r.to_seq)
left join callers c on c.id = if(e.seq = r.from_seq, r.from_caller, r.to_caller)
where covers(e.mfn, e."order", $mfn) or covers(e.gfn, e."order", $gfn) and e.domid = $domid and e.kind = 'set_entry'
order by e.seq`,
  fix: `Put on every way out, error paths first; where the reference is handed to somebody, who drops it belongs into the
comment of the function.`,
  limits: `A holder that comes back after the end of the recording is not seen: of a domain that lives it is only possible. Xen's
own long-lived references (grant mappings, foreign entries, pages shared by Xen) look alike while their domain lives.`,
  sql: breachSql('refcount.leak', {
    subject: ['mfn', 'generation', 'domid', 'gfn', 'count', 'lock_site as taken_under_lock_of'],
    signature: [],
    // Where only the lock's call site is known it says little of who took the reference.
    known: [
      `case when b.at1 is null then 'before the trace' when not b.by_lock then coalesce(b.site::varchar, '?') end as acquired_at`,
      `if(b.held_by_lock, null, coalesce(b.held_site::varchar, '?')) as allocation_dropped_at`,
    ],
    // Of a domain that lives, the holder may just not be done yet.
    severity: `if(b.detail = 'torn-down', 'error', 'warning')`,
  }),
};
