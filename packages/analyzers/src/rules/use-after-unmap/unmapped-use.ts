import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const unmappedUse: Rule = {
  id: 'use-after-unmap.unmapped-use',
  title: 'a frame is used through a gfn that no longer maps it',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'a p2m entry holds no reference (docs/xen.md#no-entry-reference); CVE-2021-22543 in KVM',
  },
  confidence: 'proven',
  needs: ['set_entry', 'page_use'],
  counted: { mechanism: 'use', what: 'page_use with a gfn whose entry is known' },
  doc: `The use names the gfn that it went through, and that gfn's entry gives another frame, or none: whoever used it went
by what the entry had been before (docs/xen.md#no-entry-reference). Proven if nobody has a reference on the frame; likely
if references were not recorded or are not known; possible, and a note, if somebody else has one, or the pcpu holds a p2m lock.`,
  fires: `An entry is written; later a page_use with its gfn names the frame that it gave before, which is not free, and
on which the pcpu has no reference.`,
  nearMiss: 'The same, with a page reference held by the pcpu from before the entry changed until after the use.',
  mechanism: `Code that keeps an mfn, a pointer or a mapping (map_domain_page, ioreq pages, a shadow of a guest's page) beside
the gfn that it came from, and is not told when the entry changes. A frame that was freed and given to another domain meanwhile is then read or written
for the former owner, as in CVE-2021-22543 of KVM.`,
  confirm: `select seq, kind, pcpu, domid, hex(gfn) as gfn, hex(mfn) as mfn, p2m_type, flags, event_site(symbol,
caller, pcpu, seq) as site from events where covers(gfn, "order", $gfn) or covers(mfn, "order", $mfn) order by seq`,
  fix: 'Take a page reference with the lookup (get_page_from_gfn) and keep it as long as the mfn; or look up again.',
  limits: `Only a page_use that names a gfn is judged: the records of captures have none. If the lookup was recorded too,
use-after-unmap.stale-translation judges it instead. Other protection (domain_pause, RCU) is not seen.`,
  sql: breachSql('use-after-unmap.unmapped-use', {
    subject: ['domid', 'view', 'gfn', 'mfn', 'pcpu'],
    signature: ['site as use_site'],
  }),
};
