import type { Rule } from '../../define-analyzer.js';

export const underflow: Rule = {
  id: 'refcount.underflow',
  title: 'a reference was dropped that nobody held',
  severity: 'error',
  confidence: 'proven',
  needs: ['put_page|alloc_ref_drop'],
  doc: `put_page on a page whose count was 0: one put too many, so the count wraps or the page is freed twice (X§4.3,
put_page asserts count ≠ 0; XSA-287).`,
  mechanism: `put_page asserts that the count is not 0 before it takes 1 away, in debug builds; others wrap, and the next put frees
a page that somebody has (X§4.3; xen/arch/x86/mm.c). Two sides that both believe the reference is theirs make it: parallel
unmaps of a grant (XSA-218), partial unmaps (XSA-394), PGT_partial's reference put by others (XSA-58).`,
  confirm: `select from_seq, to_seq, kind, from_pcpu, to_pcpu, underflow from ref_spans
where mfn = $mfn order by coalesce(to_seq, from_seq)`,
  fix: `Decide who drops: clear the field that holds the reference, atomically, and let the one who found it set drop it.`,
  limits: `Only a count that the trace knows can be seen to be 0: a page that nothing has counted yet is not judged.`,
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
