import type { Occurrence, TraceSession } from '@p2mtrace/analyzers';
import { LANES, type LaneKind, type LaneSource } from './timeline-lanes.js';

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
  readonly kind: LaneKind;
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
  /** Seconds of all seqs here, and of the end of the trace; absent where they are not known. */
  readonly seconds?: { readonly at: Readonly<Record<number, number>>; readonly end: number };
}

/** Every seq of a timeline. */
export function seqsOf({ lanes, witness, lost }: Timeline): number[] {
  const ends = lanes.flatMap(({ items }) => items.flatMap(({ from, to }) => [from, to]));
  return [...ends.filter(seq => seq !== null), ...witness.map(({ seq }) => seq), ...lost];
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
  for (const source of LANES) {
    if (!source.about.every(known)) continue;
    lanes.push(...(await readLanes(session, source, source.sql(seqs), parameters)));
  }
  return { events, witness, lanes, lost };
}

async function readLanes(
  session: TraceSession,
  { name, kind, isSplit }: LaneSource,
  sql: string,
  parameters: Readonly<Record<string, string | number | null>>,
): Promise<Lane[]> {
  const query = NEAREST(sql, isSplit === true ? 'partition by lane' : '');
  // A statement accepts only the parameters that it has.
  const used = Object.fromEntries(
    Object.entries({ ...parameters, limit: LANE_ITEMS }).filter(([key]) => new RegExp(`\\$${key}\\b`).test(query)),
  );
  const { rows } = await session.runAll(query, used);
  const lanes = new Map<string, Omit<TimelineItem, 'row'>[]>();
  const totals = new Map<string, number>();
  for (const [from, to, label, detail, total, lane] of rows) {
    const of = isSplit === true && lane !== undefined ? String(lane) : name;
    if (!lanes.has(of)) lanes.set(of, []);
    totals.set(of, Number(total));
    lanes.get(of)?.push({
      from: from === null ? null : Number(from),
      to: to === null ? null : Number(to),
      label: String(label ?? ''),
      detail: String(detail ?? ''),
    });
  }
  const sorted = [...lanes].sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
  return sorted.map(([of, items]) => ({ name: of, kind, ...inRows(items), of: totals.get(of) ?? items.length }));
}

/** Those nearest to the witnesses, in order of time. */
const NEAREST = (sql: string, part = '') => `
  with items as (${sql}),
  nearest as (
    select *, count(*) over (${part}) as total from items
    order by greatest(coalesce(from_seq, 0)::bigint - $last::bigint, $first::bigint - coalesce(to_seq, $last)::bigint, 0), from_seq
    limit $limit)
  select from_seq, to_seq, label, detail, total, * exclude (from_seq, to_seq, label, detail, total) from nearest order by coalesce(from_seq, 0), coalesce(to_seq, 1e15)`;

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
