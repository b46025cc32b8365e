import type { Rule } from '../../define-analyzer.js';

export const leak: Rule = {
  id: 'refcount.leak',
  title: 'a reference is never dropped',
  severity: 'error',
  confidence: 'proven',
  needs: ['get_page', 'put_page|alloc_ref_drop'],
  doc: `The allocation's own reference (PGC_allocated) was dropped, yet the count never reaches 0: somebody took a
reference and forgot it, and the page is lost until reboot (X§4.3). Proven where the owner was torn down meanwhile;
of a domain that is still alive the holder may yet come back. acquired_there is how many references that call site took
in all.`,
  mechanism: `get_page adds to count_info and put_page takes away; free_domheap_page comes at 0 only (xen/common/page_alloc.c,
xen/arch/x86/mm.c). put_page_alloc_ref drops the allocation's own reference once; the pair in guest_remove_page, get_page
and put_page around it, is the usual one to lose (X§3.3). XSA-224 and XSA-242 left pages of dead domains that way.`,
  confirm: `select seq, kind, pcpu, owner, count_info, symbol from events
where mfn = $mfn and kind in ('get_page', 'put_page', 'alloc_ref_drop', 'page_alloc', 'page_free', 'owner_set')
order by seq`,
  fix: `Put on every way out, error paths first; where the reference is handed to somebody, who drops it belongs into the
comment of the function.`,
  limits: `A holder that comes back after the end of the recording is not seen: of a domain that lives it is only possible. Xen's
own long-lived references (grant mappings, foreign entries, pages shared by Xen) look alike while their domain lives.`,
  sql: `
  with torn_down as (
    select domid from domains where destroyed_seq is not null
    union
    select p.mapped_domid from page_spans p join domains d on d.domid = p.mapped_domid
    where p.to_seq > d.last_p2m_seq
  ),
  kept as (
    select mfn, generation, owner, end_count from page_spans
    where end_count > 0 and not end_allocated and not lost and to_seq is null
  ),
  held as (
    select mfn, generation, from_seq, from_caller from ref_spans semi join kept using (mfn, generation)
    where kind = 'get_page' and to_seq is null and not lost
  ),
  sites as (
    select from_caller, count(from_seq) as acquired from ref_spans semi join held using (from_caller)
    where kind = 'get_page' group by from_caller
  ),
  dropped as (
    select mfn, generation, max(to_seq) as to_seq, arg_max(to_caller, to_seq) as to_caller
    from ref_spans semi join kept using (mfn, generation)
    where kind = 'allocation' and to_seq is not null group by mfn, generation
  ),
  -- By the base of each leaf that may map it, as a join needs equal keys to be fast.
  bases as (
    select mfn, owner, size, mfn - mfn % (1::ubigint << size::ubigint) as base from kept, (values (0), (9), (18)) s(size)
  ),
  mapped as (
    select b.mfn, arg_max(m.gfn + (b.mfn - b.base), coalesce(m.to_seq, m.from_seq, 0)) as gfn
    from bases b join mapping_spans m on m.mfn = b.base and m."order" = b.size and m.domid = b.owner
    group by b.mfn
  )
  select
    k.mfn as subject_mfn, k.generation as subject_generation, k.owner as subject_domid, m.gfn as subject_gfn,
    k.end_count as subject_count, s.acquired as subject_acquired_there,
    h.from_seq as at_acquired, d.to_seq as at_allocation_dropped,
    case when h.from_seq is null then 'before the trace' else coalesce(a.symbol::varchar, '?') end as sig_acquired_at,
    coalesce(b.symbol::varchar, '?') as sig_allocation_dropped_at,
    case
      when h.from_seq is null or d.to_seq is null then 'likely'
      when k.owner in (from torn_down) then 'proven'
      else 'possible' end as confidence,
    -- Of a domain that lives, the holder may just not be done yet.
    case when k.owner in (from torn_down) then 'error' else 'warning' end as severity
  from kept k
  left join held h using (mfn, generation)
  left join sites s using (from_caller)
  left join dropped d using (mfn, generation)
  left join mapped m using (mfn)
  left join callers a on a.id = h.from_caller
  left join callers b on b.id = d.to_caller
  order by h.from_seq, k.mfn`,
};
