import { witnessColumn } from '@p2mtrace/replayer';
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
  doc: `The allocation's own reference (PGC_allocated) was dropped, but the count never reaches 0: somebody took a
reference and forgot it, and the page is lost until reboot (docs/xen.md#reference-counts). Proven if the owner was
torn down. If the domain is still alive, the holder may yet drop it. acquired_there says how many references that call
site took in all.`,
  fires: `alloc_ref_drop, and at the end of the trace the page still has a reference. Proven if its owner was
destroyed or torn down, possible while the owner lives, likely if the reference or the drop is older than the trace.`,
  nearMiss: 'The reference is dropped later, and the page is freed.',
  mechanism: `get_page adds to count_info and put_page subtracts; the page is freed only when the count reaches 0
(xen/common/page_alloc.c, xen/arch/x86/mm.c). put_page_alloc_ref drops the allocation's own reference, once. The pair
most easily lost is the get_page and put_page around it in guest_remove_page (docs/xen.md#guest-remove-page). XSA-224
and XSA-242 left pages of dead domains behind in this way.`,
  confirm: `select seq, kind, pcpu, owner, count_info, symbol from events
where mfn = $mfn and kind in ('get_page', 'put_page', 'alloc_ref_drop', 'page_alloc', 'page_free', 'owner_set')
order by seq`,
  fix: `Call put_page on every return path, error paths first. If the reference is handed to somebody else, say in the
function's comment who drops it.`,
  limits: `What happens after the recording is not seen, so of a live domain a leak is only possible. References that
Xen keeps for long (grant mappings, foreign entries, pages that Xen shares with a guest) look the same while their
domain lives.`,
  sql: breachSql('refcount.leak', {
    subject: ['mfn', 'generation', 'domid', 'gfn', 'count', 'times as acquired_there'],
    signature: [
      `if(b.${witnessColumn('refcount.leak', 'acquired')} is null, 'before the trace', b.site::varchar) as acquired_at`,
      'held_site as allocation_dropped_at',
    ],
    // Of a domain that lives, the holder may just not be done yet.
    severity: `if(b.detail = 'torn-down', 'error', 'warning')`,
  }),
};
