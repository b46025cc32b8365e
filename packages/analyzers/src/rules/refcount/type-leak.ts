import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';
import { usualPut } from '../put-sites.js';

export const typeLeak: Rule = {
  id: 'refcount.type-leak',
  title: 'a type reference is never dropped',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'a page that is freed has no type references (docs/xen.md#page-invariants); XSA-242, XSA-310',
  },
  confidence: 'proven',
  needs: ['get_type', 'get_page', 'put_page|alloc_ref_drop'],
  refutedBy: ['put_type', 'put_page'],
  doc: `The allocation's own reference was dropped, but a type reference stays, and with it a general one: the page is
lost until reboot. If it is a page table, all that its entries map is lost as well, as only devalidating the table would
put them (docs/xen.md#type-counts); those pages are told by refcount.leak, as what follows from this. others_put_at
is the function that puts most references which were taken by the same function for the same purpose.`,
  fires: `At the end of the trace a page without PGC_allocated has a type count above 0, PGT_locked's own not counted.
Proven if its owner is gone, as for refcount.leak; possible, and a note, while it lives or the
trace ends within its teardown; likely if what took it is older than the trace, or, with a warning, if the owner is
torn down and does not end.`,
  nearMiss: 'put_page_and_type drops the type reference, and the page is freed.',
  mechanism: `Somebody calls put_page() where put_page_and_type() was due, or neither; page_unlock() that drops the last
type reference (XSA-242); PGT_partial without its type reference at a domain's death (XSA-310).`,
  confirm: `select seq, kind, pcpu, hex(type_info) as type_info, hex(count_info) as count_info, rc, event_site(symbol,
caller, pcpu, seq) as site from events where covers(mfn, "order", $mfn) and kind in ('get_type', 'put_type',
'get_page', 'put_page', 'alloc_ref_drop', 'page_free') order by seq desc limit 20`,
  fix: 'Drop type references where the general one is dropped, through put_page_and_type().',
  limits: `Xenheap pages, which keep a type reference for good, are left out, and so are partial page tables whose type
reference relinquish_memory took without an event. Who of several holders forgot it the trace need not show: acquired is
the last whose put is not recorded.`,
  sql: breachSql('refcount.type-leak', {
    subject: [
      'mfn',
      'generation',
      'domid',
      'gfn',
      'pgt_type',
      'count as type_count',
      'lock_site as taken_under_lock_of',
      'others_put_at',
    ],
    joins: usualPut('refcount.type-leak'),
    signature: ['pgt_type'],
    known: [
      `case when b.at1 is null then 'before the trace' when not b.by_lock then b.site::varchar end as acquired_at`,
    ],
    // Of a domain that lives, the holder may just not be done yet.
    severity: `case b.detail when 'torn-down' then 'error' when 'zombie' then 'warning' else 'note' end`,
  }),
};
