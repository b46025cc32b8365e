-- What the trace does not show.

-- Windows in which records were lost, by pcpu: what happened in them is unknown.
create view lost_windows as
  select trace, pcpu, seq, count as records, first_tsc, tsc as last_tsc, tsc - first_tsc as ticks
  from losses
  order by trace, seq;

-- Facts whose end is unknown as records were lost while they lasted.
create view lost_facts as
  select trace, 'mapping' as fact, count(*) as spans from mapping_spans where lost group by all
  union all select trace, 'page', count(*) from page_spans where lost group by all
  union all select trace, 'ref', count(*) from ref_spans where lost group by all
  union all select trace, 'lock', count(*) from lock_spans where lost group by all;
