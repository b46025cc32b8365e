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
  doc: `At the end of a section a shared frame has another owner than dom_cow, another type than shared, an M2P that is not
SHARED, fewer type references than its reverse map has gfns, fewer references than that and one more, or a gfn of its
reverse map leads elsewhere in the host p2m (X§5.3). More references are no defect: somebody looks.`,
  mechanism: `mem_sharing's audit() checks the same (xen/arch/x86/mm/mem_sharing.c); it breaks where an entry of a shared frame is
replaced without unshare, or one of the steps of nominate or share is left out.`,
  confirm: `select seq, kind, pcpu, domid, hex(gfn) as gfn, hex(mfn) as mfn, owner, hex(count_info) as count_info,
hex(type_info) as type_info, symbol from events where covers(mfn, "order", $mfn) order by seq`,
  fix: `Unshare before the entry is replaced; undo all steps where one fails.`,
  limits: `Owner, type and count are judged only where the trace records changes of them at all.`,
  sql: breachSql('consistency.sharing-invariant', {
    subject: ['mfn', 'detail as invariant'],
    signature: ['detail', 'site'],
  }),
};
