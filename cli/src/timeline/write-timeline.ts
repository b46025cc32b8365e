import { analyzeTrace, type Finding, openTraceSession, type TraceSession } from '@p2mtrace/analyzers';
import { type TraceReader, usageError } from '@p2mtrace/trace-format';
import { type EventRange, whereRange } from '../export/range.js';
import { Lanes } from './lanes.js';
import type { Args, TimelineWriter, Track } from './timeline-writer.js';
import { GROUPS, type Group, TRACKS, type TrackSource } from './tracks.js';

/** If the frequency is unknown, a tick counts as a nanosecond. */
const DEFAULT_HZ = 1e9;
const NS_PER_S = 1e9;

/** Columns of a source that are no args. */
const OWN = ['track', 'name', 'start', 'stop', 'value', 'flow_in', 'flow_out', 'inner_first'];
const LAST_TSC = '18446744073709551615::ubigint';

/** Nanoseconds since the first event of the trace. */
type Clock = (tsc: unknown) => number;

/**
 * Writes a timeline: locks, lookups and events per pcpu, who ran where, changes of mappings and frames per domain,
 * references, and findings.
 * @throws P2mError P2M_NO_TSC (usage) if no event has one; P2M_DAMAGED
 */
export async function writeTimeline(
  reader: TraceReader,
  writer: TimelineWriter,
  range: EventRange,
  onProgress: (events: number) => void,
  hz = DEFAULT_HZ,
): Promise<void> {
  const session = await openTraceSession(reader, { onReplayed: onProgress });
  try {
    const [[first]] = (await session.runAll('select min(tsc) from events')).rows;
    if (first === null) {
      const what = 'no event of the trace has a TSC, so that there is no time to draw';
      throw usageError('P2M_NO_TSC', what, 'record with TSCs, or export it as text');
    }
    const origin = BigInt(first as bigint | number);
    const clock: Clock = tsc => (Number(BigInt(tsc as bigint) - origin) * NS_PER_S) / hz;
    const tracks = new Tracks(writer);
    await writer.open(GROUPS);
    for (const source of TRACKS) await writeSource(session, source, tracks, range, clock);
    const { findings } = await analyzeTrace(reader, { onProgress });
    await writeFindings(findings, session, tracks, range, clock);
    await writer.close();
  } finally {
    await session.close();
  }
}

/** Numbers tracks, and tells the writer of each before its first event. */
class Tracks {
  readonly writer: TimelineWriter;
  private count = 0;

  constructor(writer: TimelineWriter) {
    this.writer = writer;
  }

  make(group: Group, name: string, unit?: string): Track & { isTold: boolean } {
    return { id: this.count++, group, name, unit, isTold: false };
  }

  async tell(track: Track & { isTold: boolean }): Promise<void> {
    if (track.isTold) return;
    track.isTold = true;
    await this.writer.track(track);
  }
}

type OwnTrack = ReturnType<Tracks['make']>;

/** A row of a source, by column. */
type Row = Readonly<Record<string, unknown>>;

async function writeSource(
  session: TraceSession,
  { group, kind, sql, unit }: TrackSource,
  tracks: Tracks,
  range: EventRange,
  clock: Clock,
) {
  const { writer } = tracks;
  const lanesOf = new Map<string, Lanes<OwnTrack>>();
  const own = new Map<string, OwnTrack>();
  for await (const row of rowsOf(session, sql, kind, range)) {
    const [name, at] = [String(row.track), clock(row.start)];
    if (kind === 'slice') {
      const lanes = entryOf(lanesOf, name, () => lanesOfTrack(tracks, group, name));
      await writeSlice(row, lanes, tracks, at, clock);
      continue;
    }
    const track = entryOf(own, name, () => tracks.make(group, name, unit));
    await tracks.tell(track);
    if (kind === 'counter') await writer.value({ track, at }, Number(row.value));
    else await writer.instant({ track, at, name: String(row.name), args: argsOf(row) });
  }
  for (const lanes of lanesOf.values()) {
    for (const { lane, ended } of lanes.rest()) {
      for (const { end, flows } of ended) await writer.end({ track: lane, at: end }, flows);
    }
  }
}

const lanesOfTrack = (tracks: Tracks, group: Group, name: string) =>
  new Lanes(index => tracks.make(group, index === 0 ? name : `${name}, out of order ${index}`));

async function writeSlice(row: Row, lanes: Lanes<OwnTrack>, tracks: Tracks, at: number, clock: Clock) {
  const { writer } = tracks;
  const end = row.stop === null ? undefined : Math.max(at, clock(row.stop));
  const flows = typeof row.flow_out === 'string' ? row.flow_out.split(' ').map(Number) : [];
  const { lane, ended } = lanes.place(at, end ?? Number.POSITIVE_INFINITY, flows);
  await tracks.tell(lane);
  for (const one of ended) await writer.end({ track: lane, at: one.end }, one.flows);
  const flow = row.flow_in === null || row.flow_in === undefined ? undefined : Number(row.flow_in);
  await writer.begin({ track: lane, at, end, name: String(row.name), args: argsOf(row), flow });
}

/** Rows in the order of time; of slices that begin at once, the longest first, as it is around the others. */
async function* rowsOf(session: TraceSession, sql: string, kind: TrackSource['kind'], range: EventRange) {
  const inner = kind === 'slice' ? `case when stop is null then 0 else ${LAST_TSC} - stop end` : '0';
  // By every column: threads of DuckDB pass rows that are equal in some in another order at each run.
  const query = `select track, start, ${inner} as inner_first, * exclude (track, start)
    from (${sql}) ${whereRange(range, 'seq')} order by all`;
  for await (const result of session.run(query)) {
    const names = result.columns.map(({ name }) => name);
    for await (const rows of result.batches()) {
      for (const values of rows) yield Object.fromEntries(names.map((name, i) => [name, values[i]])) as Row;
    }
  }
}

const argsOf = (row: Row): Args =>
  Object.fromEntries(Object.entries(row).filter(([name, value]) => value !== null && !OWN.includes(name)));

/** The entry of a map, made where there is none. */
function entryOf<V>(map: Map<string, V>, key: string, make: () => V): V {
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
}

/** One track per rule: an instant for each witness of each occurrence. */
async function writeFindings(
  findings: readonly Finding[],
  session: TraceSession,
  tracks: Tracks,
  { from = 0, to = Number.POSITIVE_INFINITY }: EventRange,
  clock: Clock,
) {
  for (const { rule, id, severity, confidence, occurrences } of findings) {
    const track = tracks.make('findings', `${severity}: ${rule} ${id}`);
    const witnesses = occurrences.flatMap(({ subject, witness }) => witness.map(one => ({ ...one, subject })));
    const within = witnesses.filter(({ seq }) => seq >= from && seq <= to);
    const times = await timesOf(session, [...new Set(within.map(({ seq }) => seq))]);
    const shown = within.flatMap(({ seq, role, subject }) => {
      const tsc = times.get(seq);
      return tsc === undefined ? [] : [{ at: clock(tsc), name: role, args: { ...subject, seq, confidence } }];
    });
    await tracks.tell(track);
    for (const one of shown.toSorted((a, b) => a.at - b.at)) await tracks.writer.instant({ track, ...one });
  }
}

async function timesOf(session: TraceSession, seqs: readonly number[]): Promise<Map<number, bigint>> {
  if (seqs.length === 0) return new Map();
  const { rows } = await session.runAll(
    `select seq, tsc from events where tsc is not null and seq in (${seqs.join(',')})`,
  );
  return new Map(rows.map(([seq, tsc]) => [Number(seq), BigInt(tsc as bigint)]));
}
