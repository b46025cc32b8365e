-- Lock statistics in the shape of Linux' lock_stat. Times are in TSC ticks; tick_seconds makes seconds of them.

-- Acquisitions that had to wait, with the time from lock_wait to lock_acquire.
create view lock_waits as
  select s.trace, s.id, s.lock, s.lock_class, s.mode, s.pcpu, s.wait_seq, s.from_seq,
    case when s.from_tsc >= w.tsc then s.from_tsc - w.tsc end as wait
  from lock_spans s
  join (select trace, seq, tsc from events where kind = 'lock_wait') w on w.trace = s.trace and w.seq = s.wait_seq;

-- By class and mode: how often it was contended and taken, and how long it was waited for and held. Where no lock_wait was
-- recorded at all, contentions are null: nobody knows.
create view lock_stat as
  with held as (
    select trace, lock_class, mode, count(*) as acquisitions, count(distinct lock) as locks,
      min(to_tsc - from_tsc) as hold_min, max(to_tsc - from_tsc) as hold_max, sum(to_tsc - from_tsc) as hold_total,
      avg(to_tsc - from_tsc) as hold_avg
    from lock_spans where to_tsc is null or to_tsc >= from_tsc group by all),
  waited as (
    select trace, lock_class, mode, count(*) as contentions, min(wait) as wait_min, max(wait) as wait_max,
      sum(wait) as wait_total, avg(wait) as wait_avg
    from lock_waits group by all)
  select h.trace, c.name as class, h.mode, h.locks,
    case when exists (select 1 from recorded_kinds k where k.trace = h.trace and k.kind = 'lock_wait')
      then coalesce(w.contentions, 0) end as contentions, w.wait_min, w.wait_max,
    w.wait_total, w.wait_avg, h.acquisitions, h.hold_min, h.hold_max, h.hold_total, h.hold_avg
  from held h
  left join waited w
    on w.trace = h.trace and w.lock_class is not distinct from h.lock_class and w.mode = h.mode
  left join lock_classes c on c.id = h.lock_class and c.trace = h.trace
  order by h.hold_total desc nulls last;

-- Percentiles of waits and holds, by class and mode: values that occurred. Waits are there only if lock_wait was recorded.
create view lock_percentiles as
  select s.trace, c.name as class, s.mode, s.what, count(*) as spans, quantile_disc(ticks, 0.5) as p50,
    quantile_disc(ticks, 0.9) as p90, quantile_disc(ticks, 0.99) as p99, quantile_disc(ticks, 0.999) as p999,
    max(ticks) as longest
  from (
    select trace, lock_class, mode, 'hold' as what, to_tsc - from_tsc as ticks from lock_spans where to_tsc >= from_tsc
    union all by name
    select trace, lock_class, mode, 'wait' as what, wait as ticks from lock_waits where wait is not null) s
  left join lock_classes c on c.id = s.lock_class and c.trace = s.trace
  group by all order by s.trace, what, sum(ticks) desc;

-- By call site: how often and how long it held each class of locks.
create view lock_sites as
  select s.trace, coalesce(k.symbol::varchar, k.address::varchar) as site, c.name as class, s.mode,
    count(*) as acquisitions, max(s.to_tsc - s.from_tsc) as hold_max, sum(s.to_tsc - s.from_tsc) as hold_total
  from lock_spans s
  left join lock_classes c on c.id = s.lock_class and c.trace = s.trace
  left join callers k on k.id = s.from_caller and k.trace = s.trace
  where s.to_tsc is null or s.to_tsc >= s.from_tsc
  group by all
  order by hold_total desc nulls last;

-- Who took the innermost lock that a pcpu held at an event: the nearest known site of an event that has no caller of its
-- own. For the events of one trace, and a few of them: for each, the pcpu's locks are gone through.
create macro held_site(on_pcpu, at_seq) as (
  select arg_max(coalesce(c.symbol::varchar, c.address::varchar), s.from_seq) || ' (took the lock that was held)'
  from lock_spans s join callers c on c.id = s.from_caller and c.trace = s.trace
  where s.pcpu = on_pcpu and s.from_seq <= at_seq and coalesce(s.to_seq >= at_seq, true));

-- Where an event came from: its own call site, else held_site.
create macro event_site(own_symbol, own_caller, on_pcpu, at_seq) as
  coalesce(own_symbol::varchar, hex(own_caller), held_site(on_pcpu, at_seq));
