import { breachSql } from '../../breach-sql.js';
import type { Rule } from '../../define-analyzer.js';

export const misalignedOrder: Rule = {
  id: 'consistency.misaligned-order',
  title: 'an entry was written that is not aligned to its order',
  severity: 'error',
  confidence: 'proven',
  needs: ['set_entry'],
  doc: `set_entry succeeded with a gfn or mfn that is no multiple of 2^order. A superpage has room for aligned frames
only: what the guest gets are others than those that were meant (X§3.3; XSA-388).`,
  sql: breachSql('misaligned-order', {
    subject: ['domid', 'view', 'gfn', 'mfn', 'order'],
    witness: ['set'],
    signature: ['view', 'order', 'p2m_type', 'site'],
  }),
};
