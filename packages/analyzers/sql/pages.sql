-- Pages and the references to them.

-- Sites that take references: how many, for how long (in events), and how many were never put.
create view ref_holders as
  select r.trace, coalesce(c.symbol::varchar, c.address::varchar) as site, r.kind, count(*) as refs,
    count(*) filter (to_seq is null) as held_at_end, max(to_seq - from_seq) as longest, avg(to_seq - from_seq) as average
  from ref_spans r left join callers c on c.id = r.from_caller and c.trace = r.trace
  where not r.underflow
  group by all
  order by held_at_end desc, refs desc;

-- Pages by how many references they had, the most first.
create view most_referenced as
  select trace, mfn, generation, any_value(owner) as owner, count(*) as refs, count(*) filter (to_seq is null) as held_at_end
  from ref_spans where not underflow
  group by all
  order by refs desc, mfn;

-- How long generations of pages lived, by owner, in events and in TSC ticks; those that were there before are left out.
create view page_lifetimes as
  select trace, owner, count(*) as pages, count(to_seq) as freed, min(to_seq - from_seq) as shortest,
    median(to_seq - from_seq) as median, max(to_seq - from_seq) as longest, max(to_tsc - from_tsc) as longest_ticks
  from page_spans where from_seq is not null
  group by all
  order by trace, owner;
