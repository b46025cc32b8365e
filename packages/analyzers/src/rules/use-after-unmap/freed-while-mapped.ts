import type { Rule } from '../../define-analyzer.js';

/** As many pages that go at once, with none left, are a domain's teardown. */
const TEARDOWN_PAGES = 64;

export const freedWhileMapped: Rule = {
  id: 'use-after-unmap.freed-while-mapped',
  title: 'a page was freed while a p2m entry still mapped it',
  severity: 'error',
  confidence: 'proven',
  needs: ['set_entry|lookup', 'page_free'],
  doc: `page_free on a frame that an entry of a live domain still maps: the guest can reach memory that belongs to
somebody else (X§0.5; XSA-222, XSA-247, XSA-379). A domain's teardown frees what its p2m still maps, which is no
defect: it counts only where the domain's p2m is used again afterwards.`,
  mechanism: `p2m entries hold no reference on x86 but for map_foreign (X§3.3), so nothing keeps a page from being freed under
one. Who frees has to remove the entry first, and to look whether that worked: a split that fails for want of memory was
ignored by guest_physmap_remove_page (XSA-222) and by PoD's zero check (XSA-247); a frame at two gfns was removed from one
(XSA-379).`,
  confirm: `select domid, view, gfn, "order", mfn, p2m_type, from_seq, to_seq from mapping_spans
where mfn <= $mfn and $mfn < mfn + 2 ** "order" order by from_seq`,
  fix: `Check what the removal returned, and keep the page where it failed; remove every alias before the last put.`,
  limits: `A teardown frees what its p2m still maps: only where that p2m is used again later is it a defect, so the end of a
recording can hide one. Where no event tells of its end, a domain of which all pages went is taken
for torn down, and the next user of its id for another one. Entries from before the trace count once a lookup shows them.`,
  sql: `
  with freed as (
    select
      p.mfn, p.generation, p.owner, p.to_seq, p.mapped_domid, p.mapped_view, p.mapped_gfn, p.mapped_seq,
      d.last_p2m_seq
    from page_spans p
    join domains d on d.domid = p.mapped_domid
    where p.to_seq < d.last_p2m_seq and (d.destroyed_seq is null or p.to_seq < d.destroyed_seq)),
  -- Where the trace does not tell of a domain's end: all pages went before the next set_entry, so that this one is of
  -- another domain with the same id.
  next_write as (
    select
      f.mfn, f.generation, f.owner, f.to_seq, f.mapped_domid, f.mapped_view, f.mapped_gfn, f.mapped_seq,
      f.last_p2m_seq, m.from_seq as seq
    from freed f
    asof left join (select domid, from_seq from mapping_spans where from_seq is not null) m
      on m.domid = f.mapped_domid and m.from_seq >= f.to_seq),
  runs as (
    select mapped_domid, seq, count(*) as pages, max(to_seq) as last from next_write where seq is not null
    group by all having count(*) >= ${TEARDOWN_PAGES}),
  teardowns as (
    select mapped_domid, seq from runs r
    where not exists (
      select 1 from page_spans p
      where p.owner = r.mapped_domid and coalesce(p.from_seq < r.last, true) and coalesce(p.to_seq > r.seq, true)))
  select
    p.mfn as subject_mfn, p.generation as subject_generation, p.mapped_domid as subject_domid,
    v.name as subject_view, p.mapped_gfn as subject_gfn,
    p.mapped_seq as at_mapped, p.to_seq as at_freed, p.last_p2m_seq as at_p2m_used_later,
    v.name::varchar as sig_view,
    case when p.owner is distinct from p.mapped_domid then 'foreign' else 'own' end as sig_owner
  from next_write p
  anti join teardowns t on t.mapped_domid = p.mapped_domid and t.seq = p.seq
  join views v on v.id = p.mapped_view
  order by p.to_seq`,
};
