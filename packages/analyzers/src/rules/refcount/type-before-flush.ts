import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const typeBeforeFlush: Rule = {
  id: 'refcount.type-before-flush',
  title: 'a type was taken without a TLB flush since the page was writable',
  severity: 'warning',
  belief: {
    basis: 'documented',
    source:
      '_get_page_type() flushes where a writable mapping may be left (docs/xen.md#type-counts); XSA-241, XSA-401, XSA-408',
  },
  confidence: 'likely',
  needs: ['get_type', 'put_type', 'tlb_flush'],
  doc: `A page had writable references, and became a page table or a descriptor table after the last of them; its owner's
last TLB flush came before that one went. A processor may still have a writable translation of it, by which the guest
writes what Xen has validated (docs/xen.md#type-counts; XSA-241, XSA-401, XSA-408).`,
  fires: `get_type takes the first reference of such a type; the owner's last tlb_flush is older than the last put of a
writable reference, and none follows before the page is used.`,
  nearMiss: 'The flush comes after the last writable reference: before the type is taken, or right behind that.',
  mechanism: `_get_page_type() in xen/arch/x86/mm.c looked at the old type, flushed, and set the new one with a cmpxchg:
in between a writable reference could come and go without being seen (XSA-401, 8cc5036bc385). XSA-241 read a timestamp in
two halves; XSA-408 tested the new type where the old one was meant.`,
  confirm: `select seq, kind, pcpu, domid, hex(type_info) as type_info,
event_site(symbol, caller, pcpu, seq) as site from events
where (covers(mfn, "order", $mfn) and kind in ('get_type', 'put_type', 'page_use')) or (kind = 'tlb_flush' and domid = $domid)
order by seq desc limit 20`,
  fix: 'Flush after the new type is set, and before it counts as validated.',
  limits: `Xen needs no flush where every processor has loaded another page table since, which no event tells; so it is
likely at most. A domain of which no flush was recorded before is not judged.`,
  sql: breachSql('refcount.type-before-flush', {
    subject: ['mfn', 'domid', 'pgt_type'],
    signature: ['pgt_type', 'site'],
  }),
};
