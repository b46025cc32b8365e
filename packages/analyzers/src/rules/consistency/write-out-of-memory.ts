import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const writeOutOfMemory: Rule = {
  id: 'consistency.write-out-of-memory',
  title: 'a write of an entry failed for want of memory',
  severity: 'note',
  belief: {
    basis: 'documented',
    source: 'what ept_set_entry() returns (docs/xen.md#alignment)',
  },
  confidence: 'proven',
  needs: ['set_entry'],
  doc: `A set_entry returned -ENOMEM: the p2m needed another table, mostly to split a larger entry, and the domain's
paging pool had no page left. That is no defect. But it is the path which is tried least, and of which many advisories
are (XSA-22, XSA-222, XSA-247, XSA-389): what its caller did next is worth a look.`,
  fires: 'set_entry with rc -12 (-ENOMEM).',
  nearMiss: 'It succeeds; or it fails with another result.',
  mechanism: `p2m_alloc_ptp finds no page in the pool of paging_set_allocation (xen/arch/x86/mm/p2m-pt.c, p2m-ept.c).`,
  confirm: `select seq, kind, pcpu, domid, hex(gfn) as gfn, hex(mfn) as mfn, "order", rc, event_site(symbol, caller,
pcpu, seq) as site from events where seq between $failed and $failed + 20 order by seq`,
  fix: 'Give the domain more paging memory (shadow_memory in its configuration).',
  limits: 'A failure that is recorded without its result (flag failed alone) is not told apart from others.',
  sql: breachSql('consistency.write-out-of-memory', {
    subject: ['domid', 'view', 'gfn', 'mfn', 'p2m_type'],
    signature: ['p2m_type', 'site'],
    severity: 'null',
  }),
};
