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
  doc: `unshare of a gfn whose host entry is known not to be shared: a write through a view was taken for one to the host's
gfn of the same number, which leads to another frame (mail 1).`,
  mechanism: `hvm_hap_nested_page_fault looks at the host's p2m only; __mem_sharing_unshare_page finds no rmap entry and hits BUG()
(X§5.3).`,
  confirm: `select seq, kind, pcpu, domid, view, hex(gfn) as gfn, hex(mfn) as mfn, p2m_type, symbol from events where seq in
($entry, $unshare) or (kind in ('npf', 'remap') and covers(gfn, "order", $gfn)) order by seq`,
  fix: `Unshare the gfn whose entry the view has a copy of.`,
  limits: `A gfn that the frame's reverse map lists counts as shared, whatever its entry says.`,
  sql: breachSql('altp2m-sharing.unshare-not-shared', {
    subject: ['domid', 'gfn', 'mfn'],
    signature: ['p2m_type', 'site'],
  }),
};
