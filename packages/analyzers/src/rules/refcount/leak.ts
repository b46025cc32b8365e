import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';
import { usualPut } from '../put-sites.js';

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
  refutedBy: ['put_page'],
  doc: `The allocation's own reference (PGC_allocated) was dropped, but the count never reaches 0: somebody took a
reference and forgot it, and the page is lost until reboot (docs/xen.md#reference-counts). Proven if the owner is gone. If the domain is still alive, the holder may yet drop it. taken_under_lock_of says who took
the lock that was held, where get_page itself has no call site. through says what the reference was taken for, as far as
the events around it tell: a grant (handle) or foreign mapping (mapped_gfn) of mapped_by, a type reference, PGT_partial,
or an entry of a page table that was leaked itself (table). Of several references those are told that nothing has put in
their turn: a grant's is put where the grant is unmapped. others_put_at is the function that puts most references which were
taken by the same function for the same purpose: where one was forgotten.`,
  fires: `alloc_ref_drop, and at the end of the trace the page still has a reference. Proven if its owner is gone:
destroyed, or, in a trace without domain_destroy, torn down to the last page. Likely if the reference or the drop is
older than the trace, or if the owner is torn down and does not end (2^30 ticks pass without its domain_destroy): the
reference keeps it. Possible while the owner lives. A note where the trace ends within the teardown, or where, in a
domain that has not ended, the grant or foreign mapping that holds it still stands, or somebody has the page's type.`,
  nearMiss: 'The reference is dropped later, and the page is freed.',
  mechanism: `get_page adds to count_info and put_page subtracts; the page is freed only when the count reaches 0
(xen/common/page_alloc.c, xen/arch/x86/mm.c). put_page_alloc_ref drops the allocation's own reference, once. The pair
most easily lost is the get_page and put_page around it in guest_remove_page (docs/xen.md#guest-remove-page). XSA-224
and XSA-242 left pages of dead domains behind in this way.`,
  confirm: `select seq, kind, pcpu, owner, hex(count_info) as count_info,
event_site(symbol, caller, pcpu, seq) as site from events
where covers(mfn, "order", $mfn) or covers(gfn, "order", $gfn) and domid = $domid and kind = 'set_entry'
order by seq`,
  fix: `Call put_page on every return path, error paths first. If the reference is handed to somebody else, say in the
function's comment who drops it.`,
  limits: `What happens after the recording is not seen, so of a live domain a leak is only possible. References that
Xen keeps for long (grant mappings, foreign entries, pages that Xen shares with a guest) look the same while their
domain lives.`,
  sql: breachSql('refcount.leak', {
    subject: [
      'mfn',
      'generation',
      'domid',
      'gfn',
      'count',
      'lock_site as taken_under_lock_of',
      'through',
      'grant_handle as handle',
      'foreign_gfn as mapped_gfn',
      'table_mfn as table',
      'through_domid as mapped_by',
      'others_put_at',
    ],
    joins: usualPut('refcount.leak'),
    signature: [],
    // Where only the lock's call site is known it says little of who took the reference.
    known: [
      'through',
      `case when b.at1 is null then 'before the trace' when not b.by_lock then coalesce(b.site::varchar, '?') end as acquired_at`,
      `if(b.held_by_lock, null, coalesce(b.held_site::varchar, '?')) as allocation_dropped_at`,
    ],
    // Of a domain that lives, the holder may just not be done yet.
    severity: `case b.detail when 'torn-down' then 'error' when 'dying' then 'note' when 'mapped' then 'note' else 'warning' end`,
  }),
};
