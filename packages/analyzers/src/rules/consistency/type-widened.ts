import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const typeWidened: Rule = {
  id: 'consistency.type-widened',
  title: 'a page became writable by being moved',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'commit c9491ea21a43, "be more strict with XENMAPSPACE_gmfn source types" (docs/xen.md#gmfn-source-type)',
  },
  confidence: 'proven',
  needs: ['set_entry'],
  doc: `In one section the entry of a page of type ram_ro (or ioreq_server) ended, and another gfn of the same p2m got the
page as ram_rw or ram_logdirty. Nobody has changed its type: a guest that may move pages may now write what it could only
read, or what a device model was to see (docs/xen.md#gmfn-source-type).`,
  fires:
    'ram_ro or ioreq_server at one gfn, its removal, and ram_rw or ram_logdirty of that frame at another gfn, in one section.',
  nearMiss: 'The move is refused; the frame keeps its type; or the type of the entry itself is changed.',
  mechanism: `XENMAPSPACE_gmfn takes the page from its old gfn and adds it by guest_physmap_add_page, which knows one type,
ram_rw (xenmem_add_to_physmap_one in xen/arch/x86/mm/p2m.c).`,
  confirm: `select seq, kind, pcpu, domid, hex(gfn) as gfn, hex(mfn) as mfn, p2m_type, event_site(symbol, caller,
pcpu, seq) as site from events where kind = 'set_entry' and covers(mfn, "order", $mfn) order by seq`,
  fix: 'Refuse to move what is neither ram_rw nor ram_logdirty.',
  limits: 'A page that is removed in one section and added in another one is not followed: a toolstack may do that.',
  sql: breachSql('consistency.type-widened', {
    subject: ['domid', 'view', 'gfn', 'mfn', 'old_type', 'p2m_type'],
    signature: ['old_type', 'p2m_type', 'site'],
  }),
};
