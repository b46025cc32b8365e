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
  doc: `The entry of a frame was removed or changed, the flush was put off, and the frame was freed or went to another domain
before it came: guest and devices reach it through their TLBs meanwhile (XSA-217, XSA-346, XSA-480).`,
  mechanism: `p2m_lock() defers EPT flushes to the outermost unlock (X§3.3), batches of add_to_physmap defer IOTLB flushes to
their end (XSA-346); code that frees under the lock must call p2m_tlb_flush_sync() first.`,
  confirm: `select seq, kind, domid, hex(gfn) as gfn, hex(mfn) as mfn, coalesce(symbol, hex(caller)) as site from events
where kind in ('set_entry', 'tlb_flush', 'tlb_flush_deferred', 'page_free', 'owner_set') and seq between
$removed and $removed + 1000 order by seq`,
  fix: 'p2m_tlb_flush_sync() before the page is freed; or keep a reference until the flush.',
  limits: `Writes that only another event implies (docs/replay.md) are no removals here. 4,096 removals of a p2m since its last
flush are remembered.`,
  sql: breachSql('use-after-unmap.freed-before-flush', {
    subject: ['domid', 'view', 'gfn', 'mfn'],
    signature: ['detail', 'view', 'site'],
  }),
};
