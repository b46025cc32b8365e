import type { TraceSession } from '@p2mtrace/analyzers';
import { visible } from '../text/visible.js';

/** Frames of one type in a domain's host p2m after an event. */
export interface OccupancyPoint {
  readonly domid: number;
  readonly type: string;
  readonly seq: number;
  readonly frames: number;
}

/** References taken on a range of machine frames during a range of events. */
export interface HeatCell {
  readonly seq: number;
  readonly seqEnd: number;
  readonly mfn: number;
  readonly mfnEnd: number;
  readonly refs: number;
}

/** Lock spans of a class whose ticks are at least 2^bin and below 2^(bin+1). */
export interface TicksBin {
  readonly name: string;
  readonly bin: number;
  readonly spans: number;
}

/** Points at which occupancy is measured. */
const MOMENTS = 160;
const HEAT = { columns: 96, rows: 32 };
/** Most domains, types and classes that get their own colour or panel. */
export const SHOWN_DOMAINS = 6;
export const SHOWN_TYPES = 7;
export const SHOWN_CLASSES = 8;

/** Names stand in charts as they are: a line end in one would begin a line of the page. */
const rowsOf = async (session: TraceSession, sql: string) =>
  (await session.runAll(sql)).rows.map(row => row.map(cell => (typeof cell === 'string' ? visible(cell) : cell)));

/**
 * The host p2ms over time: the domains with the most entries; rare types are counted as `other`. A teardown frees pages
 * and writes no entries: an entry ends with its domain, or when all of its frames are freed after the last use of that p2m;
 * one without frames (populate_on_demand) when all others of its domain have ended so.
 */
export async function occupancyOf(session: TraceSession, events: number): Promise<OccupancyPoint[]> {
  const rows = await rowsOf(
    session,
    `with entries as (
      select row_number() over () as id, m.domid, coalesce(p2m_type::varchar, 'unknown') as type, mfn,
        (1::bigint << "order") as frames, coalesce(from_seq, 0) as from_seq,
        coalesce(to_seq, d.destroyed_seq, d.dying_seq) as to_seq
      from mapping_spans m left join domains d on d.domid = m.domid
      where view = 0 and p2m_type is distinct from 'invalid'),
    lasting as (select * from entries where to_seq is null),
    frees as (
      select p.owner as domid, p.mfn, min(p.to_seq) as seq
      from page_spans p join domains d on d.domid = p.owner where p.to_seq > coalesce(d.last_p2m_seq, -1) group by all),
    freed as (
      select id, count(*) as freed, max(seq) as seq
      from (
        select l.id, f.seq from lasting l join frees f on f.domid = l.domid and f.mfn = l.mfn where l.frames = 1
        union all
        select l.id, f.seq
        from frees f asof join (from lasting where frames > 1) l on l.domid = f.domid and f.mfn >= l.mfn
        where f.mfn < l.mfn + l.frames)
      group by id),
    ended as (select l.*, if(f.freed >= l.frames, f.seq, null) as end_seq from lasting l left join freed f on f.id = l.id),
    torn_down as (
      select domid, max(end_seq) as end_seq from ended where mfn is not null
      group by domid having count(*) = count(end_seq)),
    spans as (
      select e.domid, e.type, e.frames, e.from_seq, coalesce(e.to_seq, d.end_seq, if(e.mfn is null, t.end_seq, null)) as to_seq
      from entries e left join ended d on d.id = e.id left join torn_down t on t.domid = e.domid),
    domains as (select domid from spans group by domid order by count(*) desc, domid limit ${SHOWN_DOMAINS}),
    types as (select type from spans group by type order by sum(frames) desc, type limit ${SHOWN_TYPES}),
    changes as (
      select domid, if(type in (from types), type, 'other') as type, instant, sum(frames) as frames
      from (select domid, type, from_seq as instant, frames from spans
            union all select domid, type, to_seq, -frames from spans where to_seq is not null)
      where domid in (from domains) group by all),
    moments as (select (i * ${Math.max(1, events - 1)} // ${MOMENTS})::ubigint as instant from range(${MOMENTS + 1}) r(i)),
    levels as (select domid, type, instant, sum(frames) over (partition by domid, type order by instant) as frames from changes),
    series as (select s.*, m.instant from (select distinct domid, type from changes) s, (select distinct instant from moments) m)
    select s.domid, s.type, s.instant, coalesce(l.frames, 0)
    from series s asof left join levels l on l.domid = s.domid and l.type = s.type and l.instant <= s.instant
    order by s.domid, s.type, s.instant`,
  );
  return rows.map(([domid, type, seq, frames]) => ({
    domid: Number(domid),
    type: String(type),
    seq: Number(seq),
    frames: Number(frames),
  }));
}

/** Where and when references were taken. */
export async function referenceHeatOf(session: TraceSession, events: number): Promise<HeatCell[]> {
  const rows = await rowsOf(
    session,
    `with refs as (select from_seq, mfn from ref_spans where kind = 'get_page' and from_seq is not null and not underflow),
    extent as (select min(mfn) as low, greatest(1, (max(mfn) - min(mfn)) // ${HEAT.rows} + 1) as step from refs)
    select from_seq * ${HEAT.columns} // ${Math.max(1, events)} as c, (mfn - low) // step as r, count(*), any_value(low), any_value(step)
    from refs, extent group by c, r order by c, r`,
  );
  const width = events / HEAT.columns;
  return rows.map(([column, row, refs, low, step]) => ({
    seq: Number(column) * width,
    seqEnd: (Number(column) + 1) * width,
    mfn: Number(low) + Number(row) * Number(step),
    mfnEnd: Number(low) + (Number(row) + 1) * Number(step),
    refs: Number(refs),
  }));
}

/** How long locks of each class were held or waited for: the classes with the most spans. */
export async function ticksOf(session: TraceSession, what: 'hold' | 'wait'): Promise<TicksBin[]> {
  const spans =
    what === 'hold'
      ? 'select lock_class, to_tsc - from_tsc as ticks from lock_spans where to_tsc >= from_tsc'
      : 'select lock_class, wait as ticks from lock_waits where wait is not null';
  const rows = await rowsOf(
    session,
    `with spans as (${spans}),
    named as (select coalesce(c.name::varchar, 'unknown') as name, ticks from spans s left join lock_classes c on c.id = s.lock_class),
    classes as (select name from named group by name order by count(*) desc, name limit ${SHOWN_CLASSES})
    select name, floor(log2(greatest(ticks, 1)))::integer as bin, count(*) from named
    where name in (from classes) group by all order by name, bin`,
  );
  return rows.map(([name, bin, spans]) => ({ name: String(name), bin: Number(bin), spans: Number(spans) }));
}

/** A class of locks in one mode, as in lock_stat; times are ticks. */
export interface LockStatRow {
  readonly name: string;
  readonly mode: string;
  /** null if no waiting was recorded. */
  readonly contentions: number | null;
  readonly waitMax: number | null;
  readonly acquisitions: number;
  readonly holdAvg: number | null;
  readonly holdMax: number | null;
}

export async function lockStatOf(session: TraceSession): Promise<LockStatRow[]> {
  const rows = await rowsOf(
    session,
    `select coalesce(class::varchar, 'unknown'), mode::varchar, contentions, wait_max, acquisitions, hold_avg, hold_max from lock_stat`,
  );
  const number = (value: unknown) => (value === null ? null : Number(value));
  return rows.map(([name, mode, contentions, waitMax, acquisitions, holdAvg, holdMax]) => ({
    name: String(name),
    mode: String(mode),
    contentions: number(contentions),
    waitMax: number(waitMax),
    acquisitions: Number(acquisitions),
    holdAvg: number(holdAvg),
    holdMax: number(holdMax),
  }));
}

/** Records that a pcpu lost before an event; its length in ticks, null if the TSCs are not known. */
export interface LostWindow {
  readonly seq: number;
  readonly pcpu: number | null;
  readonly records: number;
  readonly ticks: number | null;
}

export async function lostWindowsOf(session: TraceSession): Promise<LostWindow[]> {
  const rows = await rowsOf(session, 'select seq, pcpu, records, ticks from lost_windows');
  return rows.map(([seq, pcpu, records, ticks]) => ({
    seq: Number(seq),
    pcpu: pcpu === null ? null : Number(pcpu),
    records: Number(records),
    ticks: ticks === null ? null : Number(ticks),
  }));
}
