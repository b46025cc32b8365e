import type { TraceReader } from '@p2mtrace/trace-format';
import type { FactSink } from './facts/fact-sink.js';

/** What a replay needs to know of a trace besides its events; a TraceReader is such a head. */
export type TraceHead = Pick<TraceReader, 'metadata' | 'names'>;

export interface ReplayOptions {
  /** Takes the facts; without it a replay is faster. */
  readonly facts?: FactSink | undefined;
  /** What is checked for breaches. */
  readonly checks?: CheckOptions | undefined;
}

/**
 * Which of two replays runs a check where they share them: the one that takes notes of references and lookups, or the
 * other one. Both are about as much work.
 */
export type CheckShare = 'references' | 'entries';

/** What whoever asks for checks may choose. */
export interface CheckOptions {
  /** Bits that counts are to be judged by, instead of those of the trace's layout. */
  readonly counterWidth?: number | undefined;
  /**
   * Ids of the rules whose checks run; others are passed over. All where absent, but for those that stand for a policy,
   * which must be named.
   */
  readonly rules?: readonly string[] | undefined;
  /** Part of the checks, where two replays share them; all where absent. */
  readonly share?: CheckShare | undefined;
}
