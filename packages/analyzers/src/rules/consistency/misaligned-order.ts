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
  doc: `set_entry succeeded with a gfn or mfn that is no multiple of 2^order. A superpage has room for aligned frames only:
what the guest gets are others than those that were meant (X§3.3; XSA-388).`,
  mechanism: `ept_set_entry refuses such a write with -EINVAL (xen/arch/x86/mm/p2m-ept.c); p2m_set_entry cuts it into aligned
pieces. Who calls the p2m's own set_entry, or computes an order of its own, gets neither.`,
  confirm: `select seq, hex(gfn) as gfn, hex(mfn) as mfn, "order", gfn % (1::ubigint << "order"::ubigint) as gfn_off, mfn %
(1::ubigint << "order"::ubigint) as mfn_off, symbol from events where seq = $set`,
  fix: `Cut the range into aligned pieces before writing (182c737b9b, 8ec13f68e0).`,
  limits: `Attempts are not judged, as they are recorded before they are cut.`,
  sql: breachSql('consistency.misaligned-order', {
    subject: ['domid', 'view', 'gfn', 'mfn', 'order'],
    signature: ['view', 'order', 'p2m_type', 'site'],
  }),
};
