-- Who ran and who waited, from records of a stock Xen (xentrace -e 0x0002f000), as xenalyze's summary has it.
-- Times are in TSC ticks; tick_seconds makes seconds of them.

-- Changes of a vcpu's runstate (Xen's trace_runstate_change). CONTINUE_RUNNING, which says that the vcpu goes on, is one
-- from running to running.
create view runstate_changes as
  select trace, seq, tsc, pcpu, domid, arg0 as vcpu,
    ['running', 'runnable', 'blocked', 'offline'][1 + (arg1 // 16)::integer] as before,
    ['running', 'runnable', 'blocked', 'offline'][1 + (arg1 % 16)::integer] as after
  from events where kind = 'sched_switch' and arg1 is not null and arg1 // 16 < 4 and arg1 % 16 < 4;

-- How often records had been lost by then: at all, of that pcpu, and of a pcpu that is not known.
create view losses_so_far as
  select trace, seq, pcpu, count(*) over (partition by trace order by seq) as so_far,
    count(*) over (partition by trace, pcpu order by seq) as here,
    count(*) filter (pcpu is null) over (partition by trace order by seq) as unnamed
  from events where kind = 'lost';

-- What each vcpu did from one change to the next, and what it did before. sure is false where the next change starts from
-- another state, or records were lost between the two: of the pcpu where it ran, whose records tell that it stops, else of
-- any; ticks is null there, and where the trace ends first.
create view runstates as
  select trace, domid, vcpu, state, before, pcpu, from_seq, to_seq, from_tsc, to_tsc, sure,
    case when sure and to_tsc >= from_tsc then to_tsc - from_tsc end as ticks
  from (
    select *,
      coalesce(next_before = state and if(state = 'running', here = next_here, anywhere = next_anywhere), true) as sure
    from (
      select trace, domid, vcpu, after as state, before, pcpu, seq as from_seq, tsc as from_tsc, here, anywhere,
        lead(seq) over vcpu_order as to_seq, lead(tsc) over vcpu_order as to_tsc,
        lead(before) over vcpu_order as next_before, lead(here) over vcpu_order as next_here,
        lead(anywhere) over vcpu_order as next_anywhere
      from (
        select c.*, [coalesce(l.unnamed, 0), coalesce(own.here, 0)] as here, coalesce(l.so_far, 0) as anywhere
        from runstate_changes c asof left join losses_so_far l on l.trace = c.trace and c.seq >= l.seq
        asof left join losses_so_far own on own.trace = c.trace and own.pcpu = c.pcpu and c.seq >= own.seq)
      window vcpu_order as (partition by trace, domid, vcpu order by seq)));

-- How long each vcpu ran, waited for a pcpu (runnable), had nothing to do (blocked) or was offline, between its first
-- and its last change; unknown is the rest of that time. runs is how often it began to run. Times are null where no TSC
-- was recorded.
create view vcpu_time as
  select trace, domid, vcpu, if(timed, running, null) as running, if(timed, runnable, null) as runnable,
    if(timed, blocked, null) as blocked, if(timed, offline, null) as offline, if(timed, unknown, null) as unknown, runs,
    pcpus
  from (
    select trace, domid, vcpu, count(from_tsc) > 0 as timed,
      coalesce(sum(ticks) filter (state = 'running'), 0) as running,
      coalesce(sum(ticks) filter (state = 'runnable'), 0) as runnable,
      coalesce(sum(ticks) filter (state = 'blocked'), 0) as blocked,
      coalesce(sum(ticks) filter (state = 'offline'), 0) as offline,
      coalesce(sum(to_tsc::hugeint - from_tsc::hugeint) filter (ticks is null and to_tsc is not null), 0) as unknown,
      count(*) filter (state = 'running' and before <> 'running') as runs,
      count(distinct pcpu) filter (state = 'running') as pcpus
    from runstates group by trace, domid, vcpu)
  order by trace, domid, vcpu;

-- The same by domain: the sums of its vcpus.
create view domain_time as
  select trace, domid, count(*) as vcpus, sum(running) as running, sum(runnable) as runnable, sum(blocked) as blocked,
    sum(offline) as offline, sum(unknown) as unknown, sum(runs) as runs
  from vcpu_time group by trace, domid order by trace, domid;
