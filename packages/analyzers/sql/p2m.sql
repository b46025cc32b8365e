-- Who uses the p2m, and where.

-- gfns by how often they were looked up and changed, the most first.
create view hottest_gfns as
  select trace, domid, gfn, count(*) filter (kind = 'lookup') as lookups, count(*) filter (kind = 'set_entry') as set_entries
  from events where kind in ('lookup', 'set_entry') and gfn is not null
  group by all
  order by lookups + set_entries desc, domid, gfn;

-- Events by the domain whose vcpu ran, and pcpu.
create view top_talkers as
  select trace, cur_domid as domid, pcpu, count(*) as events, count(distinct kind) as kinds
  from events
  group by all
  order by events desc;

-- How long entries of each type stood, in events.
create view mapping_lifetimes as
  select trace, domid, p2m_type, count(*) as entries, count(to_seq) as ended, min(to_seq - from_seq) as shortest,
    median(to_seq - from_seq) as median, max(to_seq - from_seq) as longest
  from mapping_spans
  group by all
  order by entries desc;
