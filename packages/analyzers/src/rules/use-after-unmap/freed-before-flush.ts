import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const freedBeforeFlush: Rule = {
  id: 'use-after-unmap.freed-before-flush',
  title: 'a page got another use before the TLB flush that was put off',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'p2m.h, tlb_flush, and 09fc40ed30; XSA-217, XSA-346, XSA-480 (docs/xen.md#deferred-flush)',
    versions: 'a page merely freed: up to 4.6',
  },
  confidence: 'proven',
  needs: ['set_entry', 'tlb_flush_deferred', 'page_free|owner_set'],
  refutedBy: ['tlb_flush'],
  doc: `An entry was removed or changed, its TLB flush was deferred, and before the flush the frame went where nobody
makes up for it: to another domain, into a PoD cache, or, as a table of the p2m, back to its pool. Until the flush the
guest and its devices can still reach the frame through their TLBs (XSA-217, XSA-346, XSA-480). A page that goes back
to the heap is no defect where the allocator flushes before it gives the page out again: where p2ms put flushes of CPU
TLBs off, which is since 4.7 with EPT and since 4.22 with AMD's nested paging (docs/xen.md#deferred-flush).`,
  fires: `set_entry takes a frame away while a tlb_flush_deferred of that p2m is outstanding; then, before tlb_flush,
owner_set to another domain, or pod_cache_add, of that frame. With a Xen up to 4.6 also page_free, and where the version
is unknown, as likely. Likely, too: a page without an owner is freed under the p2m lock by the pcpu that has replaced
small entries by a large one before the flush, as it frees their table.`,
  nearMiss: 'The flush comes first; or the page is freed, and the version says that the allocator flushes.',
  mechanism: `Flushes are deferred until the outermost p2m unlock (docs/xen.md#deferred-flush), and a batch of
add_to_physmap defers its IOTLB flushes to the end (XSA-346). Code that takes a page to anywhere but the domheap under
the lock has to call p2m_tlb_flush_sync() first. p2m_free_ptp() did not until XSA-480.`,
  confirm: `select seq, kind, domid, hex(gfn) as gfn, hex(mfn) as mfn, event_site(symbol, caller, pcpu, seq) as site
from events where kind in ('set_entry', 'tlb_flush', 'tlb_flush_deferred', 'page_free', 'owner_set', 'pod_cache_add')
and seq between $removed and $removed + 1000 order by seq`,
  fix: 'Call p2m_tlb_flush_sync() before the page goes, or hold a reference until the flush.',
  limits: `Writes that the replay only infers from other events (docs/replay.md) do not count as removals. The
allocator's own flush is not recorded, and does not flush IOTLBs: from 4.7 on, an IOTLB flush that is put off past a free
(XSA-346) is not told from a flush that the allocator makes up for.`,
  sql: breachSql('use-after-unmap.freed-before-flush', {
    subject: ['domid', 'view', 'gfn', 'mfn'],
    signature: ['detail', 'view', 'site'],
  }),
};
