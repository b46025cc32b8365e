import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const foreignLeft: Rule = {
  id: 'm2p-override.foreign-left',
  title: 'FOREIGN stays after the last override',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'Linux, m2p_remove_override() (docs/xen.md#m2p-override)',
    versions: 'Linux 3.5 and later',
  },
  confidence: 'proven',
  needs: ['m2p_override_remove'],
  refutedBy: ['phys_to_machine_set'],
  doc: `The last override of an mfn was removed, its pcpu went on to something else, and the frontend's pfn still
reads as FOREIGN(mfn): get_user_pages_fast never works on that page again (docs/xen.md#m2p-override;
docs/xen.md#thread-m2p-override).`,
  fires: `m2p_override_remove of the last override of an mfn, and the pcpu's next event is not the phys_to_machine_set
that clears FOREIGN. Possible if the trace ends there.`,
  nearMiss: 'FOREIGN is cleared with the last override.',
  mechanism: `m2p_remove_override clears the bit only if m2p_find_override finds no other page of the mfn
(arch/x86/xen/p2m.c).`,
  confirm: `select seq, kind, pcpu, hex(gfn) as gfn, hex(mfn) as mfn, flags, event_site(symbol, caller, pcpu, seq) as
site from events where covers(mfn, "order", $mfn) order by seq`,
  fix: 'Clear FOREIGN of p2m(m2p(mfn)) with the last override.',
  limits: `Which pfn is the frontend's is known only from the phys_to_machine_set that made it foreign, if that is in
the trace.`,
  sql: breachSql('m2p-override.foreign-left', {
    subject: ['domid', 'gfn', 'mfn'],
    signature: ['site'],
  }),
};
