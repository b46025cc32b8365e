import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const flushDropped: Rule = {
  id: 'consistency.flush-dropped',
  title: 'the p2m lock was dropped without the TLB flush that was put off',
  severity: 'error',
  belief: {
    basis: 'documented',
    source:
      'the comment on tlb_flush in struct p2m_domain, and p2m_unlock_and_tlb_flush() (docs/xen.md#deferred-flush)',
  },
  confidence: 'proven',
  needs: ['tlb_flush_deferred', 'tlb_flush', 'lock_acquire', 'lock_release'],
  doc: `Under a p2m lock a flush was put off; the pcpu dropped its last p2m lock and went on to another lock, or to
another vcpu, without having made it. Vcpus of the domain still use what their TLBs have of the old entries, now that
everybody else sees the new ones (docs/xen.md#deferred-flush).`,
  fires: `tlb_flush_deferred under a p2m lock, the release of the pcpu's last p2m lock, and its next acquisition or
switch, with no tlb_flush of that p2m since.`,
  nearMiss: 'The flush comes under the lock, by p2m_tlb_flush_sync(), or right behind the unlock.',
  mechanism: `set_entry sets need_flush; p2m_unlock_and_tlb_flush (xen/arch/x86/mm/p2m.c) clears it, unlocks and flushes.
Who unlocks by mm_write_unlock alone, or clears need_flush early, drops the flush.`,
  confirm: `select seq, kind, pcpu, domid, "depth", event_site(symbol, caller, pcpu, seq) as site from events where
seq between $deferred and $next and kind in ('tlb_flush_deferred', 'tlb_flush', 'lock_acquire', 'lock_release') order
by seq`,
  fix: 'Unlock by p2m_unlock(), which flushes what is due.',
  limits: `A flush that no hook records, such as one of all TLBs, counts as none. Where flushes are missing nearly
always, the recorder leaves them out.`,
  sql: breachSql('consistency.flush-dropped', { subject: ['domid', 'view', 'pcpu'], signature: ['view', 'site'] }),
};
