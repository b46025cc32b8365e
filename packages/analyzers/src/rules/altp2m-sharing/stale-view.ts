import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const staleView: Rule = {
  id: 'altp2m-sharing.stale-view',
  title: 'a view still maps a frame that the host has replaced',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'what propagation and unsharing are for (docs/xen.md#altp2m-sharing)',
    versions: '4.8 and later',
  },
  confidence: 'proven',
  needs: ['set_entry|unshare'],
  doc: `A section changed or unshared a host entry, and when it ended an entry of a view, of that gfn or remapped to
it, still mapped the old frame: the guest can reach a frame that is no longer its own
(docs/xen.md#thread-altp2m-shared; docs/xen.md#propagate-change).`,
  fires: `A section replaces a host entry, and at its end a view still maps the old mfn, at that gfn or at one
remapped to it.`,
  nearMiss: 'The view is written in the same section.',
  mechanism: `p2m_altp2m_propagate_change writes the views that have the gfn, under the host's lock. It does not find
a remapped gfn, unless the new mfn is INVALID (xen/arch/x86/mm/altp2m.c).`,
  confirm: `select seq, kind, pcpu, domid, view, hex(gfn) as gfn, hex(mfn) as mfn, p2m_type, event_site(symbol,
caller, pcpu, seq) as site from events where seq in ($mapped, $changed) or covers(mfn, "order", $mfn) order by seq`,
  fix: 'Propagate every change of a frame, to remaps of the gfn too; or reset the view.',
  limits: 'If a hypervisor does not record the entries of its views, it looks as if it never propagated.',
  sql: breachSql('altp2m-sharing.stale-view', {
    subject: ['domid', 'view', 'gfn', 'mfn'],
    signature: ['view', 'detail', 'p2m_type', 'site'],
  }),
};
