import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const foreignCleared: Rule = {
  id: 'm2p-override.foreign-cleared',
  title: 'FOREIGN was cleared while an override remains',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'Linux, m2p_remove_override() (docs/xen.md#m2p-override)',
    versions: 'Linux 3.5 and later',
  },
  confidence: 'proven',
  needs: ['m2p_override_add', 'phys_to_machine_set'],
  doc: `The frontend's pfn is no longer FOREIGN(mfn) while a page still overrides the mfn: mfn_to_pfn gives the
frontend's page to the requests that are left (docs/xen.md#m2p-override; docs/xen.md#thread-m2p-override).`,
  fires: "phys_to_machine_set clears FOREIGN of the frontend's pfn while an override of the mfn remains.",
  nearMiss: 'The bit goes with the last override.',
  mechanism: `The frontend shares one page several times before the first request is done, and the bit goes with the
first of them (m2p_remove_override, arch/x86/xen/p2m.c).`,
  confirm: `select seq, kind, pcpu, hex(gfn) as gfn, hex(mfn) as mfn, flags, event_site(symbol, caller, pcpu, seq) as
site from events where covers(mfn, "order", $mfn) order by seq`,
  fix: 'Clear the bit only with the last override.',
  limits: 'A pfn that gets another frame is not judged.',
  sql: breachSql('m2p-override.foreign-cleared', {
    subject: ['domid', 'gfn', 'mfn'],
    signature: ['site'],
  }),
};
