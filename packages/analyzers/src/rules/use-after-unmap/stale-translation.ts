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
  refutedBy: ['get_page'],
  doc: `Another pcpu changed the entry, or freed the page, between the lookup and the use of its mfn, and neither the
gfn's lock nor a page reference was held all the way from one to the other. A p2m entry holds no reference on x86
(docs/xen.md#no-entry-reference), so nothing else keeps the frame at that gfn.`,
  fires: `A pcpu looks up a gfn; its lock is dropped, or it never had one; another pcpu writes the entry or frees the
page; the first pcpu then reads, writes or maps the old mfn. Proven if this is the last thing the pcpu looked up, or if it
has done nothing since that is not of the same call; likely if it looked up something else in between; possible, and a
note, if it has gone on at another call site.`,
  nearMiss: "The same, with the gfn's lock or a page reference held from the lookup to the use.",
  mechanism: `The mfn from get_gfn_query_unlocked is only good under some other protection, and put_gfn drops the lock
that made a locked lookup good (docs/xen.md#get-gfn; xen/arch/x86/mm/p2m.c). From there on nothing ties the frame to
the gfn: ballooning, paging, sharing and PoD can take it away (docs/xen.md#thread-p2m-lookup-locking). In XSA-219 the
reference was dropped before the mfn was used.`,
  confirm: `select seq, kind, pcpu, domid, hex(gfn) as gfn, hex(mfn) as mfn, p2m_type, flags, event_site(symbol,
caller, pcpu, seq) as site from events where seq between $lookup and $used and (covers(mfn, "order", $mfn) or
covers(gfn, "order", $gfn)) order by seq`,
  fix: `Hold the gfn (get_gfn … put_gfn) or a page reference (get_page_from_gfn … put_page) from the lookup to the
last use.`,
  limits: `Protection that the trace does not record (domain_pause, a lock of the caller, RCU) is not seen. No event says
where a call begins: a pcpu that holds no lock is taken to be in another one as soon as it is at another call site, and
after the second of those, or a switch of vcpu, its lookups are forgotten. It may have 65,536 of them at once; lookups
that were dropped for that are \`unwatched\` in the table lookups.`,
  sql: breachSql('use-after-unmap.stale-translation', STALE_LOOKUP),
};
