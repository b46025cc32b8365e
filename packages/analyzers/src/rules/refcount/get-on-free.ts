import type { Rule } from '../../define-analyzer.js';

export const getOnFree: Rule = {
  id: 'refcount.get-on-free',
  title: 'a reference was taken on a free page',
  severity: 'error',
  confidence: 'proven',
  needs: ['get_page', 'page_free'],
  doc: `get_page succeeded on a page that had been freed and not allocated again: get_page must fail at count 0 (X§4.3),
so whoever got it holds somebody else's memory.`,
  mechanism: `page_get_owner_and_reference refuses a count of 0, so a get that succeeds on a free page means that its count was not
0: a put was missed, or it was counted twice (X§4.3; xen/arch/x86/mm.c). get_page_light checks nothing but that, with BUG_ON.`,
  confirm: `select seq, kind, pcpu, owner, count_info, flags, symbol from events
where mfn = $mfn and seq <= $get order by seq desc limit 20`,
  fix: `Find who freed the page while its count was above 0 or who raised the count of a free page without get_page.`,
  limits: `An allocation that was not recorded (of pages of dom0, as in the sample captures) makes a sound get look like one.`,
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
