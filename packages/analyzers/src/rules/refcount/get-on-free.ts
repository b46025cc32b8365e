import type { Rule } from '../../define-analyzer.js';

export const getOnFree: Rule = {
  id: 'refcount.get-on-free',
  title: 'a reference was taken on a free page',
  severity: 'error',
  confidence: 'proven',
  needs: ['get_page', 'page_free'],
  doc: `get_page succeeded on a page that had been freed and not allocated again: get_page must fail at count 0 (X§4.3),
so whoever got it holds somebody else's memory.`,
  sql: `
  select
    r.mfn as subject_mfn, r.generation as subject_generation, r.owner as subject_domid,
    p.to_seq as at_freed, r.from_seq as at_get,
    coalesce(c.symbol::varchar, '?') as sig_get_at
  from ref_spans r
  left join page_spans p on p.mfn = r.mfn and p.generation = r.generation and p.to_seq <= r.from_seq
  left join callers c on c.id = r.from_caller
  where r.on_free
  order by r.from_seq`,
};
