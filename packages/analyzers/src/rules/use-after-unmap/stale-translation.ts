import { KIND } from '@p2mtrace/trace-format';
import type { Rule } from '../../define-analyzer.js';

/** Lookups that were used after their entry changed; `kind` of the use tells the two rules apart. */
export const staleUse = (kind: number): string => `
  select
    l.domid as subject_domid, v.name as subject_view, l.gfn as subject_gfn, l.mfn as subject_mfn,
    l.pcpu as subject_pcpu,
    l.seq as at_lookup, l.protected_to as at_unprotected, l.invalid_seq as at_changed, l.use_seq as at_used,
    coalesce(c.symbol::varchar, '?') as sig_lookup_site, l.invalid_by::varchar as sig_changed_by,
    -- With another lookup in between, the use may belong to that one.
    case when l.use_direct then 'proven' else 'likely' end as confidence,
    case when l.use_direct then 'error' else 'warning' end as severity
  from lookups l
  join views v on v.id = l.view
  left join callers c on c.id = l.caller
  where l.use_seq is not null and l.use_kind = ${kind}
  order by l.seq`;

export const staleTranslation: Rule = {
  id: 'use-after-unmap.stale-translation',
  title: 'a translation was used after its entry had changed',
  severity: 'error',
  confidence: 'proven',
  needs: ['lookup', 'set_entry|page_free', 'page_use'],
  doc: `Between the lookup and the use of its mfn another pcpu changed the entry or freed the page, and neither the gfn's
lock nor a page reference was held from the one to the other without a gap (mail 0; X§3.3: p2m entries hold no
reference on x86).`,
  mechanism: `get_gfn_query_unlocked gives an mfn that is good only under other protection; put_gfn drops the lock that made a
locked one good (X§3.3; xen/arch/x86/mm/p2m.c). Nothing holds the frame to the gfn from there on: balloon, paging, sharing
and PoD take it away behind the caller (mail 0). XSA-219 dropped its reference before it used the mfn.`,
  confirm: `select seq, kind, pcpu, domid, gfn, mfn, p2m_type, flags, symbol from events
where seq between $lookup and $used and (mfn = $mfn or gfn = $gfn) order by seq`,
  fix: `Hold the gfn (get_gfn … put_gfn) or a page reference (get_page_from_gfn … put_page) from the lookup to the last use.`,
  limits: `Protection that the trace does not record (domain_pause, a lock of the caller's, RCU) is not seen. With another lookup
in between, the use may belong to that one: then it is only likely.`,
  sql: staleUse(KIND.page_use),
};
