import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const partialSuccess: Rule = {
  id: 'consistency.partial-success',
  title: 'a write succeeded in part, and was left so',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'XSA-389 (docs/xen.md#set-entry)',
  },
  confidence: 'proven',
  needs: ['set_entry'],
  doc: `Of the set_entrys of adjacent gfns with adjacent frames (or none) and one type, in one section, one failed and one
succeeded; at the end of the section the one that succeeded still stands. p2m_set_entry cuts a write into chunks, goes on
after an error and returns the last one, so that the caller takes all of it for failed (X§3.3; XSA-389).`,
  mechanism: `A call of order 10 is two of order 9; the second fails with -ENOMEM for want of a page table
(p2m_set_entry, xen/arch/x86/mm/p2m.c).`,
  confirm: `select seq, kind, hex(gfn) as gfn, hex(mfn) as mfn, "order", p2m_type, rc from events where seq between
$succeeded and $failed`,
  fix: `Undo the chunks that were written, or tell the caller how far it got.`,
  limits: `Chunks of one call can't be told from calls for neighbouring gfns. PoD over mapped frames is not judged: a zero check
goes on behind a gfn that it can't write, which is right.`,
  sql: breachSql('consistency.partial-success', {
    subject: ['domid', 'view', 'gfn'],
    signature: ['view', 'p2m_type', 'site'],
  }),
};
