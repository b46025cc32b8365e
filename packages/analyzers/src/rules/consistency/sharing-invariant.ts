import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const sharingInvariant: Rule = {
  id: 'consistency.sharing-invariant',
  title: 'a shared frame is not as sharing has it',
  severity: 'error',
  belief: {
    basis: 'asserted',
    source: 'audit() of mem_sharing.c checks it (docs/xen.md#sharing-invariants)',
  },
  confidence: 'proven',
  needs: ['share_nominate|share_pages'],
  refutedBy: ['get_page', 'owner_set'],
  doc: `At the end of a section a shared frame does not look like one: its owner is not dom_cow, its type is not
shared, its M2P is not SHARED, it has fewer type references than gfns in its reverse map, it has fewer references than
that plus one, a gfn in its reverse map leads elsewhere in the host p2m, or an unshare left its gfn in the reverse map
(docs/xen.md#sharing-invariants). More references are no defect: somebody is looking at the page.`,
  fires: `A section ends with a shared frame that breaks one of these (named by the subject invariant: owner, type,
count, m2p, entry, rmap). While another pcpu's section is changing the frame's entries nothing is judged; its end tells.`,
  nearMiss: `All of them hold; p2m_add_page unshares before it replaces the entry; the section that unshares takes the
gfn out of the reverse map.`,
  mechanism: `audit() of mem_sharing checks the same (xen/arch/x86/mm/mem_sharing.c). It breaks if the entry of a
shared frame is replaced without unsharing, or if one of the steps of nominate, share or unshare is left out.`,
  confirm: `select seq, kind, pcpu, domid, hex(gfn) as gfn, hex(mfn) as mfn, owner, hex(count_info) as count_info,
hex(type_info) as type_info, event_site(symbol, caller, pcpu, seq) as site from events where covers(mfn, "order",
$mfn) order by seq`,
  fix: 'Unshare before the entry is replaced; if one step fails, undo them all.',
  limits: `Owner, type and count are judged only if the trace records changes of them at all, and what an unshare leaves
only if it records rmap_del. A frame whose reverse map keeps what was unshared is reported for that alone.`,
  sql: breachSql('consistency.sharing-invariant', {
    subject: ['mfn', 'detail as invariant', 'domid', 'gfn'],
    signature: ['detail', 'site'],
  }),
};
