import type { TraceReader } from '@p2mtrace/trace-format';
import type { FactSink } from './facts/fact-sink.js';

/** What a replay needs to know about a trace besides its events; a TraceReader has it. */
export type TraceHead = Pick<TraceReader, 'metadata' | 'names'>;

export interface ReplayOptions {
  /** Receives the facts; without it, a replay is faster. */
  readonly facts?: FactSink | undefined;
  /** What is checked for breaches. */
  readonly checks?: CheckOptions | undefined;
}

/**
 * Which of two replays runs a check if they share the work: the one that records references and lookups, or the other
 * one. Both are about the same amount of work.
 */
export type CheckShare = 'references' | 'entries';

/** Options of checks. */
export interface CheckOptions {
  /** Width by which counts are judged, instead of that of the trace's layout. */
  readonly counterWidth?: number | undefined;
  /**
   * Ids of the rules whose checks run; others are ignored. If absent, all except policies, which run only if they are
   * named.
   */
  readonly rules?: readonly string[] | undefined;
  /** Part of the checks, if two replays share them; all if absent. */
  readonly share?: CheckShare | undefined;
}
