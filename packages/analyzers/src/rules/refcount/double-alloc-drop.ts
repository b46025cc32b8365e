import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const doubleAllocDrop: Rule = {
  id: 'refcount.double-alloc-drop',
  title: "the allocation's reference was dropped twice",
  severity: 'error',
  belief: {
    basis: 'asserted',
    source: 'put_page_alloc_ref() tests and clears PGC_allocated in one step (docs/xen.md#reference-counts)',
  },
  confidence: 'proven',
  needs: ['alloc_ref_drop'],
  refutedBy: ['page_alloc'],
  doc: `put_page_alloc_ref dropped a reference although PGC_allocated was already clear. The second drop takes a
reference that belongs to somebody else. Xen tests and clears the flag in one step, so that whoever comes second does
nothing (docs/xen.md#allocation-reference).`,
  fires: 'alloc_ref_drop on a page whose PGC_allocated is known to be clear.',
  nearMiss: 'It is dropped once; whoever comes second finds the flag clear and drops only its own reference.',
  mechanism: `Two paths remove the same page at once, and each tests PGC_allocated and clears it in two steps; or one
clears it by hand and calls put_page() as well.`,
  confirm: `select seq, kind, pcpu, hex(count_info) as count_info, event_site(symbol, caller, pcpu, seq) as site from
events where covers(mfn, "order", $mfn) and kind in ('alloc_ref_drop', 'put_page', 'page_alloc', 'page_free') and seq
<= $dropped_again order by seq desc limit 20`,
  fix: 'Use put_page_alloc_ref(), which tests and clears in one step.',
  limits: 'PGC_allocated has to be known, from the allocation or from a recorded count_info.',
  sql: breachSql('refcount.double-alloc-drop', {
    subject: ['mfn', 'generation'],
    signature: ['site'],
  }),
};
