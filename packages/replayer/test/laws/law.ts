import type { TraceReader } from '@p2mtrace/trace-format';
import { type FactStore, type PageRow, pageRows, replayTrace, type XenState } from '../../src/index.js';

/** A trace, replayed up to an event. */
export interface Point {
  readonly reader: TraceReader;
  /** The state after all events before `until`. */
  readonly replayer: XenState;
  readonly until: number;
  /** Pages at that point. */
  readonly pages: readonly PageRow[];
  /** Facts of the whole trace. */
  readonly facts: FactStore;
  /** The domain whose laws are asked for. */
  readonly domid: number;
}

export function pointAt(reader: TraceReader, until: number, facts: FactStore): Omit<Point, 'domid'> {
  const replayer = replayTrace(reader, { until });
  return { reader, replayer, until, pages: [...pageRows(replayer)], facts };
}

/** What a law finds: how much there was to check (0: the trace does not record it), and what breaks the law. */
export interface Verdict {
  readonly checked: number;
  readonly breaches: readonly string[];
}

type Law = (point: Point) => Verdict;
export type Laws = Readonly<Record<string, Law>>;

/** There is nothing that the law is about. */
export const NOT_RECORDED: Verdict = { checked: 0, breaches: [] };

/** A verdict on every subject: a breach is what is said of it, undefined where it keeps the law. */
export function judge<T>(subjects: Iterable<T>, breach: (subject: T) => string | undefined): Verdict {
  const breaches: string[] = [];
  let checked = 0;
  for (const subject of subjects) {
    checked++;
    const said = breach(subject);
    if (said !== undefined) breaches.push(said);
  }
  return { checked, breaches };
}
