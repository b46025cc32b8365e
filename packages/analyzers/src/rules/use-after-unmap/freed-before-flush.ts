import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const freedBeforeFlush: Rule = {
  id: 'use-after-unmap.freed-before-flush',
  title: 'a page was freed or given away before the TLB flush that was put off',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'p2m_tlb_flush_sync() comes before a page is freed; XSA-346, XSA-480 (docs/xen.md#deferred-flush)',
    versions: 'up to 4.21',
  },
  confidence: 'proven',
  needs: ['set_entry', 'tlb_flush_deferred', 'page_free|owner_set'],
  doc: `An entry was removed or changed, its TLB flush was deferred, and the frame was freed or given to another
domain before the flush. Until then the guest and its devices can still reach the frame through their TLBs (XSA-217,
XSA-346, XSA-480).`,
  fires: `set_entry takes a frame away while a tlb_flush_deferred of that p2m is outstanding; then page_free, or
owner_set to another domain, of that frame before tlb_flush.`,
  nearMiss: 'The flush comes first, then the free.',
  mechanism: `EPT flushes are deferred until the outermost p2m unlock (docs/xen.md#deferred-flush), and a batch of
add_to_physmap defers its IOTLB flushes to the end (XSA-346). Code that frees a page under the lock has to call
p2m_tlb_flush_sync() first.`,
  confirm: `select seq, kind, domid, gfn, mfn, caller from events where kind in ('set_entry', 'tlb_flush', 'tlb_flush_deferred',
'page_free', 'owner_set') and seq between $removed and $removed + 1000 order by seq`,
  fix: 'Call p2m_tlb_flush_sync() before the page is freed, or hold a reference until the flush.',
  limits: `Writes that the replay only infers from other events (docs/replay.md) do not count as removals. The last
4,096 removals of each p2m since its last flush are remembered.`,
  sql: breachSql('use-after-unmap.freed-before-flush', {
    subject: ['domid', 'view', 'gfn', 'mfn'],
    signature: ['detail', 'view', 'site'],
  }),
};
