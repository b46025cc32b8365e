import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const m2pAfterFailedSet: Rule = {
  id: 'consistency.m2p-after-failed-set',
  title: 'M2P was updated though the p2m write failed',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'p2m_add_page() writes the M2P only where set_entry succeeded (docs/xen.md#set-entry)',
    versions: 'since the fix of XSA-22',
  },
  confidence: 'proven',
  needs: ['m2p_set', 'set_entry'],
  doc: `m2p_set says that a frame is at a gfn to which set_entry has just failed to map it, on the same pcpu and
without a success in between. The M2P then names a mapping that does not exist, and later operations hit BUG()
(docs/xen.md#xsa-22).`,
  fires: `set_entry of a gfn to an mfn fails, and m2p_set of that mfn to that gfn follows on the same pcpu, without a
set_entry that succeeded in between.`,
  nearMiss: 'No m2p_set follows; or one that follows a write that succeeded.',
  mechanism: `The caller of p2m_set_entry ignores the return code and goes on to set_gpfn_from_mfn
(guest_physmap_add_entry before ef3cea268f, xen/arch/x86/mm/p2m.c).`,
  confirm: `select seq, kind, pcpu, hex(gfn) as gfn, hex(mfn) as mfn, "order", rc, event_site(symbol, caller, pcpu,
seq) as site from events where seq between $failed and $m2p`,
  fix: 'Return on the error, before the M2P is written.',
  limits: 'Only the last 32 failures are remembered. Of a failed superpage only the first m2p_set is reported.',
  sql: breachSql('consistency.m2p-after-failed-set', {
    subject: ['domid', 'gfn', 'mfn'],
    signature: ['order', 'site'],
  }),
};
