import { type BreachColumns, breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

/** What both rules show of a lookup that was used after its entry had changed. */
export const STALE_LOOKUP: BreachColumns = {
  subject: ['domid', 'view', 'gfn', 'mfn', 'pcpu'],
  signature: ['site as lookup_site', 'detail as changed_by'],
};

export const staleTranslation: Rule = {
  id: 'use-after-unmap.stale-translation',
  title: 'a translation was used after its entry had changed',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'the safe idiom of p2m_get_page_from_gfn(); XSA-473 (docs/xen.md#safe-lookup)',
  },
  confidence: 'proven',
  needs: ['lookup', 'set_entry|page_free', 'page_use'],
  doc: `Between the lookup and the use of its mfn another pcpu changed the entry or freed the page, and neither the gfn's
lock nor a page reference was held from the one to the other without a gap (mail 0; X§3.3: p2m entries hold no
reference on x86).`,
  mechanism: `get_gfn_query_unlocked gives an mfn that is good only under other protection; put_gfn drops the lock that made a
locked one good (X§3.3; xen/arch/x86/mm/p2m.c). Nothing holds the frame to the gfn from there on: balloon, paging, sharing
and PoD take it away behind the caller (mail 0). XSA-219 dropped its reference before it used the mfn.`,
  confirm: `select seq, kind, pcpu, domid, hex(gfn) as gfn, hex(mfn) as mfn, p2m_type, flags, symbol from events where seq
between $lookup and $used and (covers(mfn, "order", $mfn) or covers(gfn, "order", $gfn)) order by seq`,
  fix: `Hold the gfn (get_gfn … put_gfn) or a page reference (get_page_from_gfn … put_page) from the lookup to the last use.`,
  limits: `Protection that the trace does not record (domain_pause, a lock of the caller's, RCU) is not seen. With another lookup
in between, the use may belong to that one: then it is only likely.`,
  sql: breachSql('use-after-unmap.stale-translation', STALE_LOOKUP),
};
