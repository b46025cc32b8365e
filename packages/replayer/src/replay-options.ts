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

/** What whoever asks for checks may choose. */
export interface CheckOptions {
  /** Bits that counts are to be judged by, instead of those of the trace's layout. */
  readonly counterWidth?: number | undefined;
  /** Names of the rules that stand for a policy, which are checked only then. */
  readonly policies?: readonly string[] | undefined;
  /** Part of the checks, where two replays share them (registry.ts); all where absent. */
  readonly share?: 'references' | 'entries' | undefined;
}
