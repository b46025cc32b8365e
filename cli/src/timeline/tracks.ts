/** Processes of a timeline: tracks are grouped by them, in this order. */
export const GROUPS = ['findings', 'pcpus', 'vcpus', 'p2m', 'references'] as const;
export type Group = (typeof GROUPS)[number];

/** What a timeline shows: SQL whose rows become slices, instants or values of a track. */
export interface TrackSource {
  readonly group: Group;
  /**
   * Columns, in any order: track (text, its name), start (TSC), seq; of slices and instants name, and of slices stop
   * (TSC, null for what is open), of counters value. Slices may have `flow_in` (a number, or null) and `flow_out` (such
   * numbers with blanks between): an arrow goes from the end of the one to the start of the other. All others are args.
   * Rows may have any order.
   */
  readonly sql: string;
  readonly kind: 'slice' | 'instant' | 'counter';
  /** Of a counter. */
  readonly unit?: string;
}

/** A counter has as many values as that at most: a screen has no more columns. */
const POINTS = 2000;
const POINT = `(select greatest(1, (max(tsc) - min(tsc)) // ${POINTS}) from events)`;

/** The last value of each point of time, of a sum of `change` by track. */
const sumsOf = (changes: string) => `
  select track, max(tsc) as start, max(seq) as seq, arg_max(value, seq) as value
  from (select *, sum(change) over (partition by track order by seq) as value from (${changes}))
  where tsc is not null
  group by track, tsc // ${POINT}`;

/** What was lost has no end that is known: it would count for ever, beside what was seen of the same frame later. */
const COUNTED_ENTRY = 'view = 0 and mfn is not null and not lost';
const COUNTED_REF = "kind = 'get_page' and from_seq is not null and not lost";

/** The release that let somebody in who waited: the last one before, if he waited by then. */
const HANDED_ON = `
  select w.id as waiter, r.id as holder
  from (from lock_spans where wait_seq is not null and from_tsc is not null) w
  asof join (from lock_spans where to_tsc is not null) r on r.lock = w.lock and w.from_seq >= r.to_seq
  where r.to_seq > w.wait_seq and r.from_tsc is not null`;

/** Every track. */
export const TRACKS: readonly TrackSource[] = [
  {
    group: 'pcpus',
    kind: 'slice',
    sql: `with handed_on as (${HANDED_ON}),
      handed as (select holder, string_agg(waiter::varchar, ' ' order by waiter) as waiters from handed_on group by holder)
    select 'pcpu ' || s.pcpu || ': locks' as track,
      coalesce(c.name::varchar, l.address::varchar) || ' (' || s.mode::varchar || ')' as name,
      s.from_tsc as start, s.to_tsc as stop, s.from_seq as seq, s.to_seq, l.address::varchar as lock, s.level,
      coalesce(k.symbol::varchar, k.address::varchar) as caller, s.wait_seq, i.waiter as flow_in, o.waiters as flow_out
    from lock_spans s join locks l on l.id = s.lock left join lock_classes c on c.id = s.lock_class
    left join callers k on k.id = s.from_caller
    left join handed_on i on i.waiter = s.id left join handed o on o.holder = s.id
    where s.from_tsc is not null`,
  },
  {
    group: 'pcpus',
    kind: 'instant',
    sql: `select 'pcpu ' || l.pcpu || ': lookups' as track, coalesce(l.p2m_type::varchar, 'lookup') as name,
      l.tsc as start, l.seq, l.domid, hex(l.gfn) as gfn, hex(l.mfn) as mfn, l.protection::varchar as protection,
      l.protected_to, l.invalid_seq, l.use_seq
    from lookups l where l.tsc is not null`,
  },
  {
    group: 'pcpus',
    kind: 'counter',
    unit: 'events',
    sql: `select 'pcpu ' || pcpu || ': events in 1/${POINTS} of the time' as track, min(tsc) as start, min(seq) as seq,
      count(*) as value
    from (select pcpu, tsc, seq, tsc // ${POINT} as point from events where tsc is not null) group by pcpu, point`,
  },
  {
    group: 'vcpus',
    kind: 'slice',
    sql: `select 'pcpu ' || pcpu as track, 'd' || domid || 'v' || vcpu as name, tsc as start,
      lead(tsc) over (partition by pcpu order by seq) as stop, seq
    from (select seq, tsc, pcpu, domid, arg0 as vcpu from events where kind = 'sched_switch' and tsc is not null) s`,
  },
  {
    group: 'p2m',
    kind: 'instant',
    sql: `select 'd' || m.domid || ': entries' as track,
      case when m.mfn is null then 'no frame' else coalesce(m.p2m_type::varchar, '?') end as name,
      m.from_tsc as start, m.from_seq as seq, hex(m.gfn) as gfn, hex(m.mfn) as mfn, m."order" as "order",
      m.access::varchar as access, v.name::varchar as view, m.to_seq
    from mapping_spans m left join views v on v.id = m.view where m.from_tsc is not null`,
  },
  {
    group: 'p2m',
    kind: 'counter',
    unit: 'frames',
    sql: sumsOf(`select 'd' || domid || ': frames mapped, of those seen' as track, seq, tsc, change from (
        select domid, coalesce(from_seq, 0) as seq, from_tsc as tsc, 1::bigint << "order" as change
        from mapping_spans where ${COUNTED_ENTRY}
        union all
        select domid, to_seq, to_tsc, -(1::bigint << "order") from mapping_spans
        where ${COUNTED_ENTRY} and to_seq is not null)`),
  },
  {
    group: 'references',
    kind: 'counter',
    unit: 'references',
    sql: sumsOf(`select coalesce('d' || owner, 'owner unknown') || ': references taken, not yet put' as track, seq, tsc, change from (
        select owner, from_seq as seq, from_tsc as tsc, 1 as change from ref_spans where ${COUNTED_REF}
        union all
        select owner, to_seq, to_tsc, -1 from ref_spans where ${COUNTED_REF} and to_seq is not null)`),
  },
  {
    group: 'references',
    kind: 'instant',
    sql: `select 'held to the end' as track, coalesce(k.symbol::varchar, k.address::varchar, 'get_page') as name,
      r.from_tsc as start, r.from_seq as seq, hex(r.mfn) as mfn, r.generation, r.owner
    from ref_spans r left join callers k on k.id = r.from_caller
    where r.to_seq is null and r.from_tsc is not null and r.kind = 'get_page'`,
  },
];
