import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';
import { lastPut } from '../put-sites.js';

export const orphaned: Rule = {
  id: 'refcount.orphaned',
  title: 'a page of a living domain is mapped nowhere any more',
  severity: 'warning',
  belief: {
    basis: 'documented',
    source: 'Xen 7acc7dd36b9e, overlapping XENMAPSPACE_gmfn_range requests',
  },
  confidence: 'likely',
  needs: ['set_entry', 'page_alloc'],
  refutedBy: ['page_free'],
  doc: `A page belongs to a domain, had a gfn, and has none any more; nobody has a reference on it, and it is in no PoD
cache. The domain can neither use it nor give it back, and pays for it until its end. last_put_at is the function that
dropped the last other reference after the page was unmapped, and left the allocation's.`,
  fires: `When a domain begins to die (domain_dying), or at the end of the trace if it goes on, a page of it is mapped
nowhere, was mapped in the domain's own p2m before, and has the allocation's reference alone. The p2m was used since, and the pcpu that unmapped the page has no lock
any more that it had then.`,
  nearMiss: 'The page is mapped at another gfn, or freed, or goes into the PoD cache.',
  mechanism: `xenmem_add_to_physmap() of a range that overlaps itself, in the wrong direction: each step overwrites the
entry that the next one moves (7acc7dd36b9e). Or an error path that has removed a page and does not put it back.`,
  confirm: `select domid, gfn, mfn, p2m_type, from_seq, to_seq from mapping_spans
where mfn <= $mfn and $mfn < mfn + 2 ** "order" order by from_seq`,
  fix: 'Move from the end that is free; where a step fails, put back what was removed, or free it.',
  limits: `A guest may have pages without a gfn that it means to map later, and PV guests have all of theirs so: only what
was mapped in a p2m once is judged. Where the PoD cache is not recorded, domains with populate-on-demand are not.`,
  sql: breachSql('refcount.orphaned', {
    subject: ['mfn', 'generation', 'domid', 'gfn', 'last_put_at'],
    joins: lastPut('refcount.orphaned', '>=', 'unmapped'),
    signature: [],
  }),
};
