import { type Analyzer, analyzeTrace } from '@p2mtrace/analyzers';
import type { FactStore } from '@p2mtrace/replayer';
import { describeDamage, TraceReader } from '@p2mtrace/trace-format';
import { AT_ONCE } from '../dataset/write-trace.js';
import { isP2mError } from '../exit.js';
import { loadPlugins } from '../plugins/load-plugins.js';
import { doubtsOf } from '../strict.js';
import type { AuditSettings } from './audit-task.js';
import { isLasting } from './lasting.js';
import { checkUnchanged, discardTrace, madeTrace, type ToMake } from './made-trace.js';
import { METRICS } from './metrics.js';
import { type OwnMetric, ownMetrics } from './own-metrics.js';
import { isTrace } from './recognise.js';
import { failed, KEPT_OCCURRENCES, type TraceResult } from './trace-result.js';

let plugins: Promise<Analyzer[]> = Promise.resolve([]);
let metrics: Promise<readonly OwnMetric[]> = Promise.resolve([]);

/** Loads what all traces need. */
export function prepare(settings: AuditSettings): Promise<unknown> {
  plugins = loadPlugins(settings);
  metrics = ownMetrics(settings.config);
  return Promise.allSettled([plugins, metrics]);
}

export interface AuditEvents {
  /** Gets what the user should know besides the result. */
  readonly tell?: (text: string) => void;
  /** Gets the number of events replayed so far. */
  readonly onProgress?: (events: number) => void;
  /** Gets all facts of the trace, unless it is so long that they had better not be made at once. */
  readonly onFacts?: ((facts: FactStore) => void) | undefined;
}

/** A result, and whether the same file with the same settings has it each time. */
export interface Judged {
  readonly result: TraceResult;
  readonly lasting: boolean;
}

/** Imports a capture, if it is one, and judges it. Problems become part of the result. */
export async function auditTrace(task: ToMake, settings: AuditSettings, events: AuditEvents = {}): Promise<Judged> {
  const { tell = () => undefined } = events;
  const notices: string[] = [];
  try {
    const isMade = !isTrace(task.path);
    const trace = isMade ? task.trace : task.path;
    if (isMade) await madeTrace(task, settings, notices, tell);
    try {
      const result = await judged(task.path, trace, settings, notices, events);
      if (!isMade) checkUnchanged(task);
      return { result, lasting: true };
    } catch (error) {
      if (!isMade || !isP2mError(error) || error.code !== 'P2M_DAMAGED') throw error;
      // The capture is not to blame for what became of the trace that was made from it.
      discardTrace(trace, `is damaged (${error.message})`, tell);
    }
    notices.length = 0;
    await madeTrace(task, settings, notices, tell);
    return { result: await judged(task.path, trace, settings, notices, events), lasting: true };
  } catch (error) {
    const code = isP2mError(error) ? error.code : 'P2M_BUG';
    const message = error instanceof Error ? error.message : String(error);
    return { result: failed(task.path, { code, message }, notices), lasting: isLasting(error) };
  }
}

/** @throws P2mError P2M_DAMAGED, and what rules throw */
async function judged(
  path: string,
  trace: string,
  settings: AuditSettings,
  notices: string[],
  { onProgress, onFacts }: AuditEvents,
): Promise<TraceResult> {
  const reader = TraceReader.open(trace);
  try {
    if (reader.damage !== undefined) notices.push(describeDamage(reader));
    const { only } = settings;
    // One thread: the other cores work on other traces.
    const report = await analyzeTrace(reader, {
      only,
      plugins: await plugins,
      measure: [...METRICS, ...(await metrics)],
      threads: 1,
      onProgress,
      onFacts: reader.rows <= AT_ONCE ? onFacts : undefined,
    });
    const findings = report.findings.map(finding => ({
      ...finding,
      occurrences: finding.occurrences.slice(0, KEPT_OCCURRENCES),
    }));
    const { counts, health } = reader.metadata;
    const lost = health?.lost.reduce((sum, { count }) => sum + count, 0) ?? counts?.lost ?? 0;
    const { incidents, customs, divergences, notChecked, measures } = report;
    return {
      version: 2,
      path,
      trace,
      problem: null,
      notices: [...notices],
      doubts: doubtsOf(reader.metadata),
      events: reader.rows,
      lost,
      findings,
      incidents,
      customs,
      divergences,
      notChecked,
      metrics: measures,
    };
  } finally {
    reader.close();
  }
}
