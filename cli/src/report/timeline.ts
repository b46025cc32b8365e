import type { Occurrence, TraceSession } from '@p2mtrace/analyzers';
import { LANES } from './timeline-lanes.js';

/** Something that lasted from one event to another, or a single event if the two are the same. */
export interface TimelineItem {
  /** seq; null if it began before the trace. */
  readonly from: number | null;
  /** seq; null if it had not ended at the end of the trace. */
  readonly to: number | null;
  readonly label: string;
  readonly detail: string;
  /** Row within its lane, from 0: overlapping items are in different rows. */
  readonly row: number;
}

export interface Lane {
  readonly name: string;
  readonly rows: number;
  readonly items: readonly TimelineItem[];
  /** Total number of items, if not all are here. */
  readonly of: number;
}

/** What can be shown of an occurrence's subject, by seq. */
export interface Timeline {
  /** Number of events of the trace. */
  readonly events: number;
  readonly witness: readonly { readonly seq: number; readonly role: string }[];
  readonly lanes: readonly Lane[];
  /** seqs of lost events: what happened before them is not known. */
  readonly lost: readonly number[];
}

/** Most items in a lane: those nearest to the witnesses. */
export const LANE_ITEMS = 150;

/** Reads the lanes of an occurrence; empty ones are left out. */
export async function timelineOf(
  session: TraceSession,
  events: number,
  { subject, witness }: Occurrence,
  lost: readonly number[],
): Promise<Timeline> {
  const seqs = witness.map(({ seq }) => seq);
  const parameters = {
    domid: numberOf(subject.domid),
    gfn: numberOf(subject.gfn),
    mfn: numberOf(subject.mfn),
    view: typeof subject.view === 'string' ? subject.view : 'host',
    lock: textOf(subject.lock),
    held_lock: textOf(subject.held_lock),
    first: seqs[0] ?? 0,
    last: seqs.at(-1) ?? events,
  };
  const known = (name: string) => parameters[name as 'gfn'] !== null;
  const lanes: Lane[] = [];
  for (const { name, about, sql } of LANES) {
    if (!about.every(known)) continue;
    const lane = await readLane(session, name, sql(seqs), parameters);
    if (lane.items.length > 0) lanes.push(lane);
  }
  return { events, witness, lanes, lost };
}

async function readLane(
  session: TraceSession,
  name: string,
  sql: string,
  parameters: Readonly<Record<string, string | number | null>>,
): Promise<Lane> {
  // A statement accepts only the parameters that it has.
  const used = Object.fromEntries(
    Object.entries({ ...parameters, limit: LANE_ITEMS }).filter(([key]) =>
      new RegExp(`\\$${key}\\b`).test(NEAREST(sql)),
    ),
  );
  const { rows } = await session.runAll(NEAREST(sql), used);
  const items = rows.map(([from, to, label, detail]) => ({
    from: from === null ? null : Number(from),
    to: to === null ? null : Number(to),
    label: String(label ?? ''),
    detail: String(detail ?? ''),
  }));
  return { name, ...inRows(items), of: Number(rows[0]?.[4] ?? 0) };
}

/** Those nearest to the witnesses, in order of time. */
const NEAREST = (sql: string) => `
  with items as (${sql}),
  nearest as (
    select *, count(*) over () as total from items
    order by greatest(coalesce(from_seq, 0)::bigint - $last::bigint, $first::bigint - coalesce(to_seq, $last)::bigint, 0), from_seq
    limit $limit)
  select from_seq, to_seq, label, detail, total from nearest order by coalesce(from_seq, 0), coalesce(to_seq, 1e15)`;

/** Gives each item the first row that is free when it begins. */
export function inRows(items: readonly Omit<TimelineItem, 'row'>[]): Pick<Lane, 'items' | 'rows'> {
  const ends: number[] = [];
  const placed = items.map(item => {
    const from = item.from ?? -1;
    const free = ends.findIndex(end => end <= from);
    const row = free === -1 ? ends.length : free;
    // A single event needs room too.
    ends[row] = item.to === null ? Number.POSITIVE_INFINITY : Math.max(item.to, from + 1);
    return { ...item, row };
  });
  return { items: placed, rows: ends.length };
}

/** Frames are given as hex text. */
function numberOf(value: string | number | null | undefined): number | null {
  const number = value === null || value === undefined || value === '' ? Number.NaN : Number(value);
  return Number.isSafeInteger(number) ? number : null;
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : null);
