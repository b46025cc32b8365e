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
  doc: `Of several set_entrys in one section, for adjacent gfns with adjacent frames (or none) and one type, one
failed and one succeeded, and at the end of the section the one that succeeded still stands. p2m_set_entry cuts a
write into chunks, goes on after an error and returns the last one, so the caller takes the whole write to have failed
(docs/xen.md#set-entry; XSA-389).`,
  fires: `Two set_entrys that may be chunks of one write: one fails, the other succeeds and still stands at the end of
the section.`,
  nearMiss: 'The chunk that was written is taken back before the section ends.',
  mechanism: `A call of order 10 becomes two of order 9, and the second fails with -ENOMEM for lack of a page table
(p2m_set_entry, xen/arch/x86/mm/p2m.c).`,
  confirm: `select seq, kind, hex(gfn) as gfn, hex(mfn) as mfn, "order", p2m_type, rc,
event_site(symbol, caller, pcpu, seq) as site from events where seq between $succeeded and $failed`,
  fix: 'Undo the chunks that were written, or tell the caller how far it got.',
  limits: `Chunks of one call cannot be told from calls for neighbouring gfns. populate_on_demand over a mapped frame
is not judged: a zero check may pass over a gfn that it cannot write (docs/xen.md#pod-zero-check).`,
  sql: breachSql('consistency.partial-success', {
    subject: ['domid', 'view', 'gfn'],
    signature: ['view', 'p2m_type', 'site'],
  }),
};
