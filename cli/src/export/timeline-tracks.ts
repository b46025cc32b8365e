/** What a timeline shows: SQL whose rows become slices or instants of a track. */
export interface TrackSource {
  /** Tracks are grouped by processes of the timeline. */
  readonly group: 'pcpus' | 'vcpus' | 'p2m' | 'references';
  /**
   * Columns, in any order: track (number), track_name, name, start (TSC), stop (TSC, null for an instant or what is
   * open); all others are args. Rows may have any order.
   */
  readonly sql: string;
  readonly kind: 'slice' | 'instant';
}

/** Every track. Slices of a track nest; those that can't get their own. */
export const TRACKS: readonly TrackSource[] = [
  {
    group: 'pcpus',
    kind: 'slice',
    sql: `select 4 * s.pcpu as track, 'pcpu ' || s.pcpu || ': locks' as track_name,
      coalesce(c.name::varchar, l.address::varchar) || ' (' || s.mode::varchar || ')' as name,
      s.from_tsc as start, s.to_tsc as stop, s.from_seq as seq, s.to_seq, l.address::varchar as lock, s.level,
      coalesce(k.symbol::varchar, k.address::varchar) as caller
    from lock_spans s join locks l on l.id = s.lock left join lock_classes c on c.id = s.lock_class
    left join callers k on k.id = s.from_caller
    where s.from_tsc is not null and not s.out_of_order`,
  },
  {
    group: 'pcpus',
    kind: 'instant',
    sql: `select 4 * l.pcpu + 1 as track, 'pcpu ' || l.pcpu || ': lookups' as track_name,
      'd' || l.domid || ' gfn ' || hex(l.gfn) as name, l.tsc as start, null::ubigint as stop, l.seq, hex(l.mfn) as mfn,
      l.p2m_type::varchar as p2m_type, l.protection::varchar as protection, l.protected_to, l.invalid_seq, l.use_seq
    from lookups l where l.tsc is not null`,
  },
  {
    group: 'vcpus',
    kind: 'slice',
    sql: `select pcpu as track, 'pcpu ' || pcpu as track_name, 'd' || domid || 'v' || vcpu as name, tsc as start,
      lead(tsc) over (partition by pcpu order by seq) as stop, seq
    from (select seq, tsc, pcpu, domid, arg0 as vcpu from events where kind = 'sched_switch' and tsc is not null) s`,
  },
  {
    group: 'p2m',
    kind: 'instant',
    sql: `select m.domid as track, 'domain ' || m.domid as track_name,
      hex(m.gfn) || ' → ' || coalesce(hex(m.mfn), 'none') || ' ' || coalesce(m.p2m_type::varchar, '?') as name,
      m.from_tsc as start, null::ubigint as stop, m.from_seq as seq, m."order" as "order", m.to_seq
    from mapping_spans m where m.from_tsc is not null`,
  },
  {
    group: 'references',
    kind: 'instant',
    sql: `select 0 as track, 'held to the end' as track_name, 'mfn ' || hex(r.mfn) as name, r.from_tsc as start,
      null::ubigint as stop, r.from_seq as seq, r.generation, r.owner
    from ref_spans r where r.to_seq is null and r.from_tsc is not null and r.kind = 'get_page'`,
  },
];
