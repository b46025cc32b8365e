import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const unshareNotShared: Rule = {
  id: 'altp2m-sharing.unshare-not-shared',
  title: 'a gfn was unshared that is not shared',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: '__mem_sharing_unshare_page() leaves such an entry alone (docs/xen.md#sharing-unshare)',
  },
  confidence: 'proven',
  needs: ['unshare'],
  refutedBy: ['share_nominate'],
  doc: `A gfn was unshared whose host entry is known not to be shared: a write through a view was taken for a write to
the host's gfn of the same number, which leads to another frame (docs/xen.md#thread-altp2m-shared).`,
  fires: "unshare of a gfn whose host entry is known, is not ram_shared, and is not in the frame's reverse map.",
  nearMiss: 'The gfn was nominated before.',
  mechanism: `hvm_hap_nested_page_fault only looks at the host's p2m; __mem_sharing_unshare_page finds no entry in the
reverse map and hits BUG() (docs/xen.md#sharing-unshare).`,
  confirm: `select seq, kind, pcpu, domid, view, hex(gfn) as gfn, hex(mfn) as mfn, p2m_type, event_site(symbol,
caller, pcpu, seq) as site from events where seq in ($entry, $unshare) or (kind in ('npf', 'remap') and covers(gfn,
"order", $gfn)) order by seq`,
  fix: 'Unshare the gfn whose entry the view has a copy of.',
  limits: "A gfn that the frame's reverse map lists counts as shared, whatever its entry says.",
  sql: breachSql('altp2m-sharing.unshare-not-shared', {
    subject: ['domid', 'gfn', 'mfn'],
    signature: ['p2m_type', 'site'],
  }),
};
