import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const unlistedView: Rule = {
  id: 'altp2m-sharing.unlisted-view',
  title: 'a view maps a shared frame that the reverse map does not list',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'what nominating asks of the views (docs/xen.md#altp2m-sharing)',
    versions: '4.8 and later',
  },
  confidence: 'proven',
  needs: ['share_nominate', 'set_entry|remap'],
  doc: `An entry of an altp2m view maps a shared frame at a gfn that the frame's reverse map does not list, and is not
a copy of the host's entry: unsharing and freeing pass it by (docs/xen.md#thread-altp2m-shared;
docs/xen.md#altp2m-sharing).`,
  fires: `A view maps a shared frame at a (domid, gfn) that is not in the frame's reverse map, while the host's entry
of that gfn is known to be another frame.`,
  nearMiss: "The view has a copy of the host's entry, and the reverse map lists that gfn.",
  mechanism: `A remap holds no reference, and nominate only compares the same gfn of each view (mem_sharing.c;
p2m_change_altp2m_gfn in altp2m.c).`,
  confirm: `select seq, kind, domid, view, hex(gfn) as gfn, hex(mfn) as mfn, p2m_type, event_site(symbol, caller,
pcpu, seq) as site from events where seq in ($mapped, $shared)`,
  fix: `Unshare the target before it is remapped, and refuse to nominate a frame that a view maps elsewhere
(653948018a).`,
  limits:
    "A reverse map is complete only if it began in the trace. If the host's entry is unknown, nothing is reported.",
  sql: breachSql('altp2m-sharing.unlisted-view', {
    subject: ['domid', 'view', 'gfn', 'mfn'],
    signature: ['view', 'p2m_type', 'site'],
  }),
};
