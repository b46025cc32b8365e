import { analyzeTrace, type Finding, openTraceSession, type TraceSession } from '@p2mtrace/analyzers';
import type { TraceReader } from '@p2mtrace/trace-format';
import { jsonText } from '../render/json.js';
import type { TextOut } from '../render/rows.js';
import { type EventRange, whereRange } from './range.js';
import { TRACKS, type TrackSource } from './timeline-tracks.js';

/** If the frequency is unknown, a tick counts as a nanosecond. */
const DEFAULT_HZ = 1e9;
const GROUPS = ['findings', 'pcpus', 'vcpus', 'p2m', 'references'] as const;

/**
 * Writes a timeline in the Trace Event Format (JSON), which Perfetto's UI and chrome://tracing open: locks and lookups
 * per pcpu, who ran where, changes of mappings per domain, references that were never put, and findings.
 */
export async function writeTimeline(
  reader: TraceReader,
  out: TextOut,
  range: EventRange,
  onProgress: (events: number) => void,
  hz = DEFAULT_HZ,
): Promise<void> {
  const session = await openTraceSession(reader, { onReplayed: onProgress });
  try {
    const [[first]] = (await session.runAll('select coalesce(min(tsc), 0) from events')).rows;
    const origin = BigInt(first as bigint | number);
    const micros = (tsc: unknown) => (Number(BigInt(tsc as bigint) - origin) * 1e6) / hz;
    await out.write('{"displayTimeUnit":"ns","traceEvents":[\n');
    const groups = GROUPS.map((name, pid) => ({ ph: 'M', pid, name: 'process_name', args: { name } }));
    await out.write(groups.map(group => jsonText(group)).join(',\n'));
    for (const source of TRACKS) await writeTrack(session, source, out, range, micros);
    const { findings } = await analyzeTrace(reader, { onProgress });
    await writeFindings(findings, session, out, range, micros);
    await out.write('\n]}\n');
    await out.flush();
  } finally {
    await session.close();
  }
}

type Micros = (tsc: unknown) => number;

async function writeTrack(session: TraceSession, source: TrackSource, out: TextOut, range: EventRange, micros: Micros) {
  const pid = GROUPS.indexOf(source.group);
  const condition = whereRange(range, 'seq').replace('where', 'and');
  const named = new Set<unknown>();
  const own = 'start, track, track_name, name, stop';
  // By every column: threads of DuckDB pass rows that are equal in some in another order at each run.
  const sql = `select ${own}, * exclude (${own}) from (${source.sql}) where true ${condition} order by all`;
  for await (const result of session.run(sql)) {
    const args = result.columns.map(({ name }) => name).slice(5);
    for await (const rows of result.batches()) {
      for (const [start, tid, trackName, name, stop, ...values] of rows) {
        if (!named.has(tid)) {
          named.add(tid);
          await out.write(`,\n${jsonText({ ph: 'M', pid, tid, name: 'thread_name', args: { name: trackName } })}`);
        }
        const ts = micros(start);
        const known = Object.fromEntries(args.map((arg, i) => [arg, values[i]]).filter(([, value]) => value !== null));
        // What has not ended is shown at its beginning.
        const event =
          source.kind === 'slice' && stop !== null
            ? { ph: 'X', pid, tid, name, ts, dur: Math.max(0, micros(stop) - ts), args: known }
            : { ph: 'i', s: 't', pid, tid, name, ts, args: known };
        await out.write(`,\n${jsonText(event)}`);
      }
    }
  }
}

/** One track per rule: an instant for each witness of each occurrence. */
async function writeFindings(
  findings: readonly Finding[],
  session: TraceSession,
  out: TextOut,
  range: EventRange,
  micros: Micros,
) {
  const { from = 0, to = Number.POSITIVE_INFINITY } = range;
  for (const [tid, { rule, id, severity, confidence, occurrences }] of findings.entries()) {
    await out.write(
      `,\n${jsonText({ ph: 'M', pid: 0, tid, name: 'thread_name', args: { name: `${severity}: ${rule} ${id}` } })}`,
    );
    const seqs = [...new Set(occurrences.flatMap(({ witness }) => witness.map(({ seq }) => seq)))];
    const times = await timesOf(
      session,
      seqs.filter(seq => seq >= from && seq <= to),
    );
    for (const { subject, witness } of occurrences) {
      for (const { seq, role } of witness) {
        const tsc = times.get(seq);
        if (tsc === undefined) continue;
        const args = { ...subject, seq, confidence };
        await out.write(`,\n${jsonText({ ph: 'i', s: 't', pid: 0, tid, name: role, ts: micros(tsc), args })}`);
      }
    }
  }
}

async function timesOf(session: TraceSession, seqs: readonly number[]): Promise<Map<number, bigint>> {
  if (seqs.length === 0) return new Map();
  const { rows } = await session.runAll(
    `select seq, tsc from events where tsc is not null and seq in (${seqs.join(',')})`,
  );
  return new Map(rows.map(([seq, tsc]) => [Number(seq), BigInt(tsc as bigint)]));
}
