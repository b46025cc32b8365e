export type LaneKind = 'entries' | 'mappings' | 'page' | 'references' | 'types' | 'locks' | 'events';

/** A lane of a timeline: SQL whose rows have from_seq, to_seq (null if not ended), label, detail. */
export interface LaneSource {
  readonly name: string;
  /** What it shows: has the same colour in every report. */
  readonly kind: LaneKind;
  /** Rows have a fifth column: each value of it is a lane of its own, named by it. */
  readonly isSplit?: true;
  /** Parameters that it needs. */
  readonly about: readonly string[];
  readonly sql: (witnesses: readonly number[]) => string;
}

/** Locks are shown within this many events of a witness. */
const AROUND = 60;

/** Who began or ended a span: the call site, or else the pcpu. */
const SITE = (span: string, end: 'from' | 'to' = 'from') =>
  `coalesce((select coalesce(k.symbol::varchar, k.address::varchar) from callers k where k.id = ${span}.${end}_caller),
    'pcpu ' || ${span}.${end}_pcpu, 'unknown')`;
const COVERS = (table: string, frame: 'gfn' | 'mfn') =>
  `${table}.${frame} <= $${frame} and $${frame} < ${table}.${frame} + (1::ubigint << coalesce(${table}."order", 0))`;

const lockLane = (condition: string) => `
  select s.from_seq, s.to_seq, coalesce(c.name::varchar, l.address::varchar) || ' (' || s.mode::varchar || ')' as label,
    'pcpu ' || s.pcpu || ', ' || l.address::varchar || ' ' || coalesce(k.symbol::varchar, k.address::varchar, '') as detail,
    'locks of pcpu ' || s.pcpu as lane
  from lock_spans s join locks l on l.id = s.lock left join lock_classes c on c.id = s.lock_class
    left join callers k on k.id = s.from_caller
  where ${condition}`;

export const LANES: readonly LaneSource[] = [
  {
    name: 'p2m entries of the gfn',
    kind: 'entries',
    about: ['domid', 'gfn'],
    sql: () => `
      select from_seq, to_seq, coalesce(hex(mfn + ($gfn - gfn)), 'none') || ' ' || coalesce(p2m_type::varchar, '') as label,
        v.name::varchar || ', order ' || m."order" || coalesce(', ' || access::varchar, '') as detail
      from mapping_spans m join views v on v.id = m.view
      where domid = $domid and v.name = $view and ${COVERS('m', 'gfn')}`,
  },
  {
    name: 'mappings of the mfn',
    kind: 'mappings',
    about: ['mfn'],
    sql: () => `
      select from_seq, to_seq, domain_name(domid) || ' ' || hex(gfn + ($mfn - mfn)) || ' ' || coalesce(p2m_type::varchar, '') as label,
        v.name::varchar || ', order ' || m."order" as detail
      from mapping_spans m join views v on v.id = m.view where ${COVERS('m', 'mfn')}`,
  },
  {
    name: 'page',
    kind: 'page',
    about: ['mfn'],
    sql: () => `
      select from_seq, to_seq, coalesce('of ' || domain_name(owner), 'allocated') as label, 'generation ' || generation as detail
      from page_spans where mfn = $mfn`,
  },
  {
    name: 'references',
    kind: 'references',
    about: ['mfn'],
    sql: () => `
      select from_seq, to_seq, r.kind::varchar as label,
        'taken by ' || ${SITE('r')} || if(to_seq is null, ', not dropped', ', dropped by ' || ${SITE('r', 'to')}) as detail
      from ref_spans r where mfn = $mfn and not underflow`,
  },
  {
    name: 'type references',
    kind: 'types',
    about: ['mfn'],
    sql: () => `
      select from_seq, to_seq, coalesce(r.pgt_type::varchar, r.kind::varchar) as label, 'taken by ' || ${SITE('r')} as detail
      from type_ref_spans r where mfn = $mfn and not underflow`,
  },
  { name: 'the lock', kind: 'locks', about: ['lock'], sql: () => lockLane('l.address = $lock') },
  {
    name: 'the lock that was held',
    kind: 'locks',
    about: ['held_lock'],
    sql: () => lockLane('l.address = $held_lock'),
  },
  {
    name: 'locks around the witnesses',
    kind: 'locks',
    isSplit: true,
    about: ['first'],
    sql: witnesses =>
      lockLane(
        witnesses
          .map(
            seq => `s.pcpu = (select pcpu from events where seq = ${seq})
              and coalesce(s.from_seq, 0) <= ${seq + AROUND} and coalesce(s.to_seq, ${seq}) >= ${seq - AROUND}`,
          )
          .map(condition => `(${condition})`)
          .join(' or ') || 'false',
      ),
  },
  {
    name: 'events of the gfn',
    kind: 'events',
    about: ['domid', 'gfn'],
    sql: () => `
      select seq as from_seq, seq as to_seq, kind::varchar as label,
        coalesce('pcpu ' || pcpu, '') || ' ' || coalesce(symbol::varchar, '') as detail
      from events e where domid = $domid and ${COVERS('e', 'gfn')}`,
  },
  {
    name: 'events of the mfn',
    kind: 'events',
    about: ['mfn'],
    sql: () => `
      select seq as from_seq, seq as to_seq, kind::varchar as label,
        coalesce('pcpu ' || pcpu, '') || ' ' || coalesce(symbol::varchar, '') as detail
      from events e where ${COVERS('e', 'mfn')}`,
  },
];
