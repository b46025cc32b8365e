import type { Rule } from '../../define-analyzer.js';

export const underflow: Rule = {
  id: 'refcount.underflow',
  title: 'a reference was dropped that nobody held',
  severity: 'error',
  confidence: 'proven',
  needs: ['put_page|alloc_ref_drop'],
  doc: `put_page on a page whose count was 0: one put too many, so the count wraps or the page is freed twice (X§4.3,
put_page asserts count ≠ 0; XSA-287).`,
  sql: `
  select
    r.mfn as subject_mfn, r.generation as subject_generation, r.owner as subject_domid,
    p.to_seq as at_freed, r.to_seq as at_put,
    coalesce(c.symbol::varchar, '?') as sig_put_at
  from ref_spans r
  left join page_spans p on p.mfn = r.mfn and p.generation = r.generation and p.to_seq <= r.to_seq
  left join callers c on c.id = r.to_caller
  where r.underflow
  order by r.to_seq`,
};
