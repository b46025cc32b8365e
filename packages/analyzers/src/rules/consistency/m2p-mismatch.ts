import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const m2pMismatch: Rule = {
  id: 'consistency.m2p-mismatch',
  title: 'M2P and p2m disagree about a frame',
  severity: 'error',
  belief: {
    basis: 'asserted',
    source: 'audit_p2m() counts what breaks it (docs/xen.md#m2p)',
  },
  confidence: 'proven',
  needs: ['m2p_set', 'set_entry'],
  doc: `A section ended with an owned, unshared frame whose M2P leads to a gfn that does not map it, or which a RAM
entry maps although its M2P is INVALID. For such a frame p2m(m2p(mfn)) has to be mfn (docs/xen.md#m2p; audit_p2m
counts it as m2p_bad or as an orphan). Nor may the M2P of a frame that decrease_reservation gave to the PoD cache lead to
the gfn that it had (docs/xen.md#pod-decrease-reservation).`,
  fires: 'At the end of a section that wrote the entry or the M2P, the two disagree about a frame.',
  nearMiss: 'Both are written in the section; or the frame is shared, or mapped as grant or foreign.',
  mechanism: `p2m_add_page and p2m_remove_page (xen/arch/x86/mm/p2m.c) write both, under the p2m lock. Whoever writes
only one side, or returns early in between, leaves the other behind (XSA-22, XSA-389).`,
  confirm: `select seq, kind, pcpu, domid, hex(gfn) as gfn, hex(mfn) as mfn, p2m_type, event_site(symbol, caller,
pcpu, seq) as site from events where kind in ('m2p_set', 'set_entry') and (covers(mfn, "order", $mfn) or covers(gfn,
"order", $gfn)) order by seq`,
  fix: 'Write both sides in one section, and on failure restore the side that was written first.',
  limits: `Not judged: frames that a zero check took into a PoD cache, frames without PGC_allocated, frames allocated since their M2P was
written, frames that another pcpu is changing under its own p2m lock, and the M2P of superpages whose frames no event
names.`,
  sql: breachSql('consistency.m2p-mismatch', {
    subject: ['domid', 'gfn', 'mfn'],
    signature: ['p2m_type', 'site'],
  }),
};
