import {
  type Finding,
  type Occurrence,
  openTraceSession,
  type Story,
  storyOf,
  type TraceSession,
} from '@p2mtrace/analyzers';
import { type Replay, replay } from '@p2mtrace/replayer';
import { describeDamage, TraceReader } from '@p2mtrace/trace-format';
import type { TraceResult } from '../audit/trace-result.js';
import { isP2mError } from '../exit.js';
import { type Clock, clockOf, secondsOfSeqs } from '../render/clock.js';
import { type TraceFacts, traceFacts } from '../render/trace-facts.js';
import {
  type HeatCell,
  type LockStatRow,
  type LostWindow,
  lockStatOf,
  lostWindowsOf,
  type OccupancyPoint,
  occupancyOf,
  referenceHeatOf,
  type TicksBin,
  ticksOf,
} from './chart-data.js';
import { type LockGraph, lockGraphOf } from './lock-graph.js';
import { seqsOf, type Timeline, timelineOf } from './timeline.js';

/** One occurrence of a finding, with its story and timeline. */
export interface ToldOccurrence {
  /** Its number within the finding, from 1. */
  readonly number: number;
  readonly occurrence: Occurrence;
  /** Witnesses that it has besides those that are told. */
  readonly leftOut: number;
  readonly timeline: Timeline;
  /** A text says why there is no story, if its subject is not of this trace (possible with plugins). */
  readonly story: Story | string;
}

/** What a report shows of a trace besides its result. */
export interface TraceReport {
  /** Damage of the file, though it can be read. */
  readonly damage: string | undefined;
  readonly tscHz: number | undefined;
  readonly facts: TraceFacts;
  /** Names of domains by domid, as far as the trace has them. */
  readonly domains: Readonly<Record<string, string>>;
  /** Numbers of events by kind. */
  readonly kinds: Readonly<Record<string, number>>;
  /** Seconds of the seqs that are shown, where they are known. */
  readonly seconds: ReadonlyMap<number, number>;
  /** By `findingKey`. */
  readonly told: ReadonlyMap<string, readonly ToldOccurrence[]>;
  readonly occupancy: readonly OccupancyPoint[];
  readonly heat: readonly HeatCell[];
  readonly holds: readonly TicksBin[];
  readonly waits: readonly TicksBin[];
  readonly lockStat: readonly LockStatRow[];
  readonly graph: LockGraph;
  readonly lost: readonly LostWindow[];
}

/** All facts that the queries of a report need. */
const FACTS = `select 1 where exists (from mapping_spans) and exists (from page_spans) and exists (from ref_spans)
  and exists (from type_ref_spans) and exists (from lock_spans) and exists (from lock_edges) and exists (from losses) and exists (from domains)`;

/** Key that distinguishes the findings of a report. */
export const findingKey = ({
  signature,
  severity,
  confidence,
}: Pick<Finding, 'signature' | 'severity' | 'confidence'>) => `${signature} ${severity} ${confidence}`;

/** Most occurrences of a finding in one trace that are listed. */
export const LISTED_OCCURRENCES = 10;
/** Most occurrences of one finding that are told, for the first findings; of the others, one is. */
const TOLD_OCCURRENCES = { error: 3, warning: 3, note: 1 };
const TOLD_IN_FULL = 2;
/** Most witnesses of an occurrence that are told: a circle of locks may have hundreds. */
export const TOLD_WITNESSES = 24;

/**
 * Reads from a trace what its report shows. `tell`: the findings whose occurrences are told, most important first.
 * @throws P2mError what opening, replaying and queries throw
 */
export async function readTraceReport(
  { trace, findings }: TraceResult,
  tell: readonly Finding[],
): Promise<TraceReport> {
  const reader = TraceReader.open(trace);
  try {
    const session = await openTraceSession(reader);
    try {
      // Named in one statement, all facts take a single replay.
      await session.runAll(FACTS);
      const lost = await lostWindowsOf(session);
      const clock = clockOf(reader);
      const occupancy = await occupancyOf(session, reader.rows);
      const heat = await referenceHeatOf(session, reader.rows);
      const listed = findings.flatMap(({ occurrences }) =>
        occurrences
          .slice(0, LISTED_OCCURRENCES)
          .flatMap(({ witness }) => witness.slice(0, TOLD_WITNESSES).map(({ seq }) => seq)),
      );
      const moments = [
        ...occupancy.map(({ seq }) => seq),
        ...heat.flatMap(({ seq, seqEnd }) => [Math.floor(seq), Math.min(Math.floor(seqEnd), reader.rows - 1)]),
        ...lost.map(({ seq }) => seq),
      ];
      const { domains = {}, counts = {} } = reader.metadata;
      return {
        facts: traceFacts(reader),
        domains,
        kinds: counts,
        seconds: secondsOfSeqs(reader, clock, [...listed, ...moments]),
        damage: reader.damage === undefined ? undefined : describeDamage(reader),
        tscHz: reader.metadata.tscHz,
        told: await tellAll(reader, session, tell, lost, clock),
        occupancy,
        heat,
        holds: await ticksOf(session, 'hold'),
        waits: await ticksOf(session, 'wait'),
        lockStat: await lockStatOf(session),
        graph: await lockGraphOf(session, findings),
        lost,
      };
    } finally {
      await session.close();
    }
  } finally {
    reader.close();
  }
}

async function tellAll(
  reader: TraceReader,
  session: TraceSession,
  tell: readonly Finding[],
  lost: readonly LostWindow[],
  clock: Clock | undefined,
) {
  const told = new Map<string, ToldOccurrence[]>();
  const seqs = lost.map(({ seq }) => seq);
  // A report must leave no file beside the trace.
  const state = replay(reader, { index: false });
  try {
    for (const [place, finding] of tell.entries()) {
      const list: ToldOccurrence[] = [];
      const most = place < TOLD_IN_FULL ? TOLD_OCCURRENCES[finding.severity] : 1;
      for (const [i, occurrence] of finding.occurrences.slice(0, most).entries()) {
        const witness = occurrence.witness.slice(0, TOLD_WITNESSES);
        const told = { ...occurrence, witness };
        const timeline = timed(await timelineOf(session, reader.rows, told, seqs), reader, clock);
        const leftOut = occurrence.witness.length - witness.length;
        list.push({ number: i + 1, occurrence: told, leftOut, timeline, story: storyOrWhyNot(state, told) });
      }
      told.set(findingKey(finding), list);
    }
  } finally {
    state.close();
  }
  return told;
}

/** The timeline with the seconds of all that it has. */
function timed(timeline: Timeline, reader: TraceReader, clock: Clock | undefined): Timeline {
  const last = (reader.batches[0]?.firstSeq ?? 0) + reader.rows - 1;
  const at = secondsOfSeqs(reader, clock, [...seqsOf(timeline), last]);
  const end = Math.max(...at.values());
  return at.size === 0 ? timeline : { ...timeline, seconds: { at: Object.fromEntries(at), end } };
}

function storyOrWhyNot(state: Replay, occurrence: Occurrence): Story | string {
  try {
    return storyOf(state, occurrence);
  } catch (error) {
    if (isP2mError(error)) return error.message;
    throw error;
  }
}
