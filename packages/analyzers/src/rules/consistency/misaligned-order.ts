import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const misalignedOrder: Rule = {
  id: 'consistency.misaligned-order',
  title: 'an entry was written that is not aligned to its order',
  severity: 'error',
  belief: {
    basis: 'asserted',
    source: 'ept_set_entry() refuses it with -EINVAL (docs/xen.md#alignment)',
  },
  confidence: 'proven',
  needs: ['set_entry'],
  doc: `set_entry succeeded with a gfn or mfn that is not a multiple of 2^order. A superpage entry only has room for
an aligned frame: the guest gets other frames than those that were meant (docs/xen.md#alignment; XSA-388).`,
  fires: 'set_entry succeeds with a gfn or mfn that is not a multiple of 2^order.',
  nearMiss: 'The write is refused; or it is aligned.',
  mechanism: `ept_set_entry refuses such a write with -EINVAL (xen/arch/x86/mm/p2m-ept.c), and p2m_set_entry cuts it
into aligned pieces. Code that calls the p2m's own set_entry, or computes an order itself, gets neither.`,
  confirm: `select seq, hex(gfn) as gfn, hex(mfn) as mfn, "order", gfn % (1::ubigint << "order"::ubigint) as gfn_off,
mfn % (1::ubigint << "order"::ubigint) as mfn_off, event_site(symbol, caller, pcpu, seq) as site from events where seq
= $set`,
  fix: 'Cut the range into aligned pieces before writing (182c737b9b, 8ec13f68e0).',
  limits: 'Attempts are not judged, because they are recorded before they are cut into pieces.',
  sql: breachSql('consistency.misaligned-order', {
    subject: ['domid', 'view', 'gfn', 'mfn', 'order'],
    signature: ['view', 'order', 'p2m_type', 'site'],
  }),
};
