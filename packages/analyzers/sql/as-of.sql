-- The state as the facts have it behind an event: what stood after the event of that seq was applied.

-- A span held behind event at_seq. A null from_seq means before the trace, a null to_seq that it still stands.
create macro stood_at(from_seq, to_seq, at_seq) as
  coalesce(from_seq <= at_seq, true) and coalesce(to_seq > at_seq, true);

-- p2m entries: rows of mapping_spans.
create macro p2m_at(at_seq) as table
  select * from mapping_spans where stood_at(from_seq, to_seq, at_seq);

-- The entry of a gfn in the host p2m, as p2m_at; superpages are found too.
create macro gfn_at(domain_id, frame, at_seq) as table
  select * from mapping_spans
  where domid = domain_id and view = 0 and gfn <= frame and frame < gfn + (1::ubigint << "order")
    and stood_at(from_seq, to_seq, at_seq);

-- A machine frame's generation and the references to it that are known then: count is what the facts show, which
-- is a lower bound where references were taken before the trace.
create macro page_at(frame, at_seq) as table
  select p.*,
    (select count(*) from ref_spans r
     where r.trace = p.trace and r.mfn = p.mfn and r.generation = p.generation and not r.underflow
       and stood_at(r.from_seq, r.to_seq, at_seq)) as refs
  from page_spans p
  where p.mfn = frame and stood_at(p.from_seq, p.to_seq, at_seq);

-- References held: rows of ref_spans with the site that took them.
create macro refs_at(at_seq) as table
  select r.*, c.address as site, c.symbol
  from ref_spans r left join callers c on c.id = r.from_caller and c.trace = r.trace
  where not r.underflow and stood_at(r.from_seq, r.to_seq, at_seq);

-- Locks held, with their names, innermost last for each pcpu.
create macro locks_held_at(at_seq) as table
  select s.trace, s.pcpu, l.address as lock, c.name as class, s.mode, s.depth, s.level, s.from_seq, s.from_tsc,
    s.to_seq
  from lock_spans s
  join locks l on l.id = s.lock and l.trace = s.trace
  left join lock_classes c on c.id = s.lock_class and c.trace = s.trace
  where stood_at(s.from_seq, s.to_seq, at_seq)
  order by s.trace, s.pcpu, s.from_seq;
