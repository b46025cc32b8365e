import type { Rule } from '../../define-analyzer.js';

export const countDivergence: Rule = {
  id: 'refcount.count-divergence',
  title: 'a recorded count is not what the events before it make',
  severity: 'warning',
  confidence: 'likely',
  needs: ['get_page|put_page'],
  doc: `count_info after a get or put is not the one before plus or minus one: something changed the count without an
event (X§4.3 lists what may: assign_pages, steal_page, share_xen_page_with_guest), or an event is missing.`,
  mechanism: `assign_pages, steal_page, share_xen_page_with_guest and offlining write count_info past get and put (X§4.3;
xen/common/page_alloc.c, xen/arch/x86/mm.c); of a hypervisor that does not record these the count jumps.`,
  confirm: `select seq, kind, pcpu, owner, count_info, flags from events
where mfn = $mfn and seq between $last_change and $seen order by seq`,
  fix: `Record what changes the count besides, or find the put or get that is missing.`,
  limits: `It says that the trace and the model differ, not that Xen is wrong. After a loss of records nothing is compared.`,
  sql: `
  select
    d.mfn as subject_mfn, d.expected as subject_expected, d.seen as subject_seen,
    d.last_seq as at_last_change, d.seq as at_seen,
    case when d.seen > d.expected then 'more' else 'fewer' end as sig_direction
  from divergences d
  where d.about = 'count_info'
  order by d.seq`,
};
