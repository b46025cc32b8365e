import type { TraceReader } from '@p2mtrace/trace-format';
import { type EventFilter, matchingEvents, type SeqRange } from '../events/event-filter.js';
import { EventReader, type TraceEvent } from '../events/event-reader.js';
import type { Subject } from '../events/subject.js';
import { touching } from '../events/touching.js';
import { replayTrace } from '../replay-trace.js';
import { type Doer, doersOf } from './doers.js';
import { type Detail, FactSpans } from './fact-spans.js';

/** Something that lasted, or a single event. */
export interface HistoryRow {
  /** mapping, page, ref, lock, lookup: see the fact tables; for a single event, its kind. */
  readonly what: string;
  /** The event that began it, null if it was there before the trace. */
  readonly from: number | null;
  /** The event that ended it, null if nothing has; for a single event, the same as `from`. */
  readonly to: number | null;
  readonly details: Readonly<Record<string, Detail | readonly string[]>>;
  /** Who began it, and who ended it. */
  readonly by: Doer | null;
  readonly ended_by: Doer | null;
}

export interface HistoryOptions extends SeqRange {
  /** Only what one of these events began or ended. */
  readonly where?: EventFilter | undefined;
  /** Called with the number of events replayed so far, batch by batch. */
  readonly onProgress?: ((events: number) => void) | undefined;
}

/** Fields that every kind of event has, and that a row shows elsewhere. */
const COMMON = new Set(['seq', 'kind', 'tsc', 'tsc_own', 'pcpu', 'cur_domid', 'cur_vcpu', 'caller', 'symbol']);

/**
 * Everything that happened to a subject, by its beginning: what lasted (facts of a replay), and every event that
 * touches the subject and neither began nor ended any of that. Memory grows with the number of rows.
 * @throws P2mError P2M_VIEW, P2M_SUBJECT (usage), P2M_DAMAGED
 */
export function history(reader: TraceReader, subject: Subject, options: HistoryOptions = {}): HistoryRow[] {
  const facts = new FactSpans(reader.names, subject);
  replayTrace(reader, { facts, until: options.to, onProgress: options.onProgress });
  const { from = 0 } = options;
  const spans = facts.spans.filter(span => span.to === null || span.to >= from);
  const ends = new Set(spans.flatMap(span => [span.from, span.to]));
  const events: number[] = [];
  for (const seq of matchingEvents(reader, touching(reader.names, subject), options)) {
    if (!ends.has(seq)) events.push(seq);
  }
  for (const seq of events) ends.add(seq);
  ends.delete(null);
  const seqs = ends as Set<number>;
  const kept = options.where === undefined ? seqs : matchesAmong(reader, options.where, seqs);
  const isKept = (seq: number | null) => seq !== null && kept.has(seq);
  const doers = doersOf(reader, kept);
  const by = (seq: number | null) => (seq === null ? null : (doers.get(seq) ?? null));
  const rows: HistoryRow[] = spans
    .filter(span => options.where === undefined || isKept(span.from) || isKept(span.to))
    .map(({ what, from, to, details }) => ({ what, from, to, details, by: by(from), ended_by: by(to) }));
  const eventReader = new EventReader(reader);
  for (const seq of events) if (isKept(seq)) rows.push(eventRow(eventReader, seq, by(seq)));
  return rows.sort(
    (a, b) =>
      (a.from ?? -1) - (b.from ?? -1) || ascending(a.to, b.to) || (a.what < b.what ? -1 : Number(a.what > b.what)),
  );
}

function matchesAmong(reader: TraceReader, filter: EventFilter, seqs: ReadonlySet<number>): Set<number> {
  const matches = new Set<number>();
  for (const seq of matchingEvents(reader, filter)) if (seqs.has(seq)) matches.add(seq);
  return matches;
}

/** The row of a single event. */
export function eventRow(events: EventReader, seq: number, by: Doer | null): HistoryRow {
  const event = events.at(seq) as TraceEvent;
  const details = Object.fromEntries(Object.entries(event).filter(([name]) => !COMMON.has(name)));
  return { what: event.kind, from: seq, to: seq, details, by, ended_by: null };
}

/** What has not ended comes last. */
function ascending(a: number | null, b: number | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return a - b;
}
