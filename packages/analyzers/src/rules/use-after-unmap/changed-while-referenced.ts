import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const changedWhileReferenced: Rule = {
  id: 'use-after-unmap.changed-while-referenced',
  title: 'an entry was changed while somebody had references on its page',
  severity: 'note',
  belief: {
    basis: 'customary',
    source: 'a policy that a thread proposes and Xen never followed (docs/xen.md#thread-p2m-lookup-locking)',
  },
  confidence: 'possible',
  policy: true,
  needs: ['set_entry', 'get_page'],
  doc: `Mail 0's third rule: "No p2m entry may be changed if there are outstanding references to it (refcount > 1)". set_entry
gave a gfn another frame or type while the old frame had references of others than the changing pcpu. Changes between
ram_rw and ram_logdirty are its exception. Xen never followed it, but in PoD, paging and sharing: this is a policy, and
runs only when it is named (--only or --policy).`,
  mechanism: `p2m_set_entry() looks at no count. Zero reclaim (X§5.1), nominate and evict (X§5.2) and share_nominate (X§5.3)
check for references themselves, because they reuse the frame at once.`,
  confirm: `select from_seq, to_seq, from_pcpu, c.symbol from ref_spans r left join callers c on c.id = r.from_caller
where r.mfn = $mfn and r.from_seq < $changed and (r.to_seq is null or r.to_seq > $changed)`,
  fix: 'Under the policy: refuse the change (-EBUSY), and let the caller deal with it.',
  limits:
    'References from before the trace count, but have no witness. What only another event implies is no write here.',
  sql: breachSql('use-after-unmap.changed-while-referenced', {
    subject: ['domid', 'view', 'gfn', 'mfn', 'count'],
    signature: ['view', 'site'],
    severity: 'null',
  }),
};
