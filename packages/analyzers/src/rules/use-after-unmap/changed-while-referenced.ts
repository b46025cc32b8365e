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
  refutedBy: ['put_page'],
  doc: `set_entry gave a gfn another frame or type while somebody other than the pcpu making the change held
references on the old frame. "No p2m entry may be changed if there are outstanding references to it (refcount > 1)"
was proposed on xen-devel (docs/xen.md#thread-p2m-lookup-locking), with changes between ram_rw and ram_logdirty
exempt. Xen enforces it only in PoD, paging and sharing. It is a policy: the rule runs only if it is named (--only or
--policy).`,
  fires: `set_entry changes the mfn or the type of a gfn while the old frame has more references than the pcpu itself
holds.`,
  nearMiss: `The change is refused; or it is between ram_rw and ram_logdirty; or the only reference is that of the
pcpu making the change.`,
  mechanism: `p2m_set_entry() does not look at counts. Zero reclaim (docs/xen.md#pod-zero-check), nominate and evict
(docs/xen.md#paging) and share_nominate (docs/xen.md#sharing-nominate) check for references themselves, because they
reuse the frame at once.`,
  confirm: `select from_seq, to_seq, from_pcpu, c.symbol from ref_spans r left join callers c on c.id = r.from_caller
where r.mfn = $mfn and r.from_seq < $changed and (r.to_seq is null or r.to_seq > $changed)`,
  fix: 'Under this policy: refuse the change (-EBUSY), and let the caller deal with it.',
  limits: `References from before the trace count, but have no witness. Writes that the replay only infers from other
events are not judged.`,
  sql: breachSql('use-after-unmap.changed-while-referenced', {
    subject: ['domid', 'view', 'gfn', 'mfn', 'count'],
    signature: ['view', 'site'],
    severity: 'null',
  }),
};
