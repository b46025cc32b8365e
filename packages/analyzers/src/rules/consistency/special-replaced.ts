import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const specialReplaced: Rule = {
  id: 'consistency.special-replaced',
  title: 'a special entry was replaced by RAM',
  severity: 'error',
  belief: {
    basis: 'asserted',
    source: 'p2m_add_page() refuses it: domain_crash, -EPERM (docs/xen.md#special-types)',
    versions: 'since the fix of XSA-378',
  },
  confidence: 'proven',
  needs: ['set_entry'],
  doc: `A grant, foreign or mmio_direct entry was replaced by a RAM type without having been removed. A device, or
another domain, goes on using a mapping that the p2m no longer has; a foreign entry held a reference
(docs/xen.md#special-types; XSA-378).`,
  fires: 'A RAM entry is written over a grant, foreign or mmio_direct one.',
  nearMiss: 'The special entry is removed first.',
  mechanism: `Since XSA-378 (753cb68e65) p2m_add_page crashes the domain and returns -EPERM. Any other path that
writes RAM has to look at the old type itself.`,
  confirm: `select seq, kind, hex(gfn) as gfn, hex(mfn) as mfn, p2m_type, event_site(symbol, caller, pcpu, seq) as
site from events where seq in ($special, $replaced)`,
  fix: 'Refuse the write, or first remove the special entry with its own function.',
  limits: `Of an attempt (stock Xen's records) it is only likely, because it may have been refused. An entry that no
event has shown is not known to be special.`,
  sql: breachSql('consistency.special-replaced', {
    subject: ['domid', 'view', 'gfn'],
    signature: ['view', 'old_type', 'p2m_type', 'site'],
  }),
};
