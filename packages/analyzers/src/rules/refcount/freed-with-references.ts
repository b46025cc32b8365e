import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const freedWithReferences: Rule = {
  id: 'refcount.freed-with-references',
  title: 'a page was freed while it was referenced',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'a free page has count 0 (docs/xen.md#page-invariants)',
  },
  confidence: 'proven',
  needs: ['page_free', 'get_page|put_page'],
  refutedBy: ['put_page', 'alloc_ref_drop'],
  doc: `A page went back to the heap with a count above 0. Whoever holds the reference now has somebody else's page; a
free page has count 0 (docs/xen.md#page-invariants).`,
  fires: 'page_free of a page whose count is known and above 0.',
  nearMiss: 'The last reference is put first, and the page is freed at count 0.',
  mechanism: `put_page() frees at 0. Whoever frees in another way (free_domheap_page() on an error path, a page pool)
has to know that nobody else holds a reference.`,
  confirm: `select from_seq, from_pcpu, c.symbol from ref_spans r left join callers c on c.id = r.from_caller
where r.mfn = $mfn and r.from_seq < $freed and (r.to_seq is null or r.to_seq > $freed)`,
  fix: 'Drop the reference, and let put_page() free the page.',
  limits: 'A count that the trace has not shown is not judged.',
  sql: breachSql('refcount.freed-with-references', {
    subject: ['mfn', 'owner as domid', 'count'],
    signature: ['site'],
  }),
};
