import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const frontendLookup: Rule = {
  id: 'm2p-override.frontend-lookup',
  title: "mfn_to_pfn gave the frontend's page",
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'Linux, mfn_to_pfn() (docs/xen.md#m2p-override)',
    versions: 'Linux 3.5 and later',
  },
  confidence: 'proven',
  needs: ['m2p_override_add', 'lookup'],
  refutedBy: ['m2p_override_remove'],
  doc: `mfn_to_pfn of an mfn that a page of this domain overrides returned a pfn that is none of the overriding pages:
it is the frontend's own page, which is already locked, so direct I/O waits for itself (docs/xen.md#m2p-override;
docs/xen.md#thread-m2p-override).`,
  fires: 'A lookup (mfn in, pfn out) of an mfn that has overrides gives a pfn that is none of theirs.',
  nearMiss: 'It gives the pfn of an overriding page.',
  mechanism: `Without the FOREIGN bit p2m(m2p(mfn)) is mfn, and mfn_to_pfn never looks at the overrides
(arch/x86/include/asm/xen/page.h).`,
  confirm: `select seq, kind, pcpu, hex(gfn) as gfn, hex(mfn) as mfn, flags, event_site(symbol, caller, pcpu, seq) as
site from events where covers(mfn, "order", $mfn) order by seq`,
  fix: "Mark the frontend's pfn FOREIGN while an override exists.",
  limits: 'A lookup without a p2m type is taken for mfn_to_pfn.',
  sql: breachSql('m2p-override.frontend-lookup', {
    subject: ['domid', 'gfn', 'mfn'],
    signature: ['site'],
  }),
};
