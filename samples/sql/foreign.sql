-- A module of one's own: p2mtrace sql trace.arrow --sql-path samples/sql 'from foreign_pages'

-- Entries that map pages of another domain, with how long they stood (in events).
create view foreign_pages as
  select m.trace, m.domid, p.owner, hex(m.gfn) as gfn, hex(m.mfn) as mfn, m.p2m_type, m.to_seq - m.from_seq as events
  from mapping_spans m
  join page_spans p on p.trace = m.trace and p.mfn = m.mfn and stood_at(p.from_seq, p.to_seq, m.from_seq)
  where p.owner <> m.domid;
