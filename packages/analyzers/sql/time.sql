-- Seconds. TSCs are ticks; recordings has their frequency, from the import or from --cpu-hz. Without one, these are null.

-- Seconds since the first TSC of the trace. With several traces, the second argument says of which: seconds(tsc, trace).
create macro seconds(ticks_then) as
  (select (ticks_then::hugeint - first_tsc::hugeint)::double / tsc_hz from recordings),
  (ticks_then, of_trace) as
  (select (ticks_then::hugeint - r.first_tsc::hugeint)::double / r.tsc_hz from recordings r where r.trace = of_trace);

-- The same at an event, by its seq.
create macro seconds_at(at_seq) as
  (select (e.tsc::hugeint - r.first_tsc::hugeint)::double / r.tsc_hz
   from events e join recordings r on r.trace = e.trace where e.seq = at_seq),
  (at_seq, of_trace) as
  (select (e.tsc::hugeint - r.first_tsc::hugeint)::double / r.tsc_hz
   from events e join recordings r on r.trace = e.trace where e.seq = at_seq and e.trace = of_trace);

-- A number of ticks in seconds, such as hold_max of lock_stat.
create macro tick_seconds(ticks) as (select ticks::double / tsc_hz from recordings),
  (ticks, of_trace) as (select ticks::double / r.tsc_hz from recordings r where r.trace = of_trace);
