import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';
import { STALE_LOOKUP } from './stale-translation.js';

export const refusedReference: Rule = {
  id: 'use-after-unmap.refused-reference',
  title: 'get_page refused a reference after the entry that led to it had changed',
  severity: 'note',
  belief: {
    basis: 'documented',
    source: 'the safe idiom of p2m_get_page_from_gfn(); XSA-473 (docs/xen.md#safe-lookup)',
  },
  confidence: 'proven',
  needs: ['lookup', 'set_entry|page_free', 'get_page|get_page_failed'],
  doc: `As use-after-unmap.late-reference, but get_page failed: the frame had another owner by then, or none, and the
caller was told. Nothing is wrong with this page. But the same code takes a wrong reference where the frame is a page of
the same domain again, or still; the gap tells how long it leaves for that.`,
  fires: `A lookup, then its lock is dropped, or it never had one; another pcpu writes the entry or frees the page; then
the first pcpu's get_page on that frame fails.`,
  nearMiss:
    'get_page fails on a frame whose entry has not changed; or another pcpu than the one that looked it up fails.',
  mechanism: `page_get_owner_and_reference() refuses a page whose count is 0, and get_page() one that is not the
domain's (xen/arch/x86/mm.c).`,
  confirm: `select seq, kind, pcpu, domid, hex(gfn) as gfn, hex(mfn) as mfn, p2m_type, flags, event_site(symbol,
caller, pcpu, seq) as site from events where seq between $lookup and $used and (covers(mfn, "order", $mfn) or
covers(gfn, "order", $gfn)) order by seq`,
  fix: 'Take the reference under the lock (get_page_from_gfn).',
  limits: 'A caller that expects this and looks up again is sound. The gap needs TSCs and their frequency.',
  sql: breachSql('use-after-unmap.refused-reference', {
    ...STALE_LOOKUP,
    subject: [...STALE_LOOKUP.subject, 'count as gap_us'],
    severity: 'null',
  }),
};
