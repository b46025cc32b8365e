import { existsSync } from 'node:fs';
import { type Analyzer, analyzeTrace } from '@p2mtrace/analyzers';
import { describeDamage, TraceReader } from '@p2mtrace/trace-format';
import { checkOutputs } from '@p2mtrace/trace-format/output';
import { isP2mError } from '../exit.js';
import { importInput } from '../input/import-input.js';
import { inputDamage } from '../input/input-damage.js';
import { openInput } from '../input/open-input.js';
import { loadPlugins } from '../plugins/load-plugins.js';
import type { AuditSettings, AuditTask } from './audit-task.js';
import { METRICS } from './metrics.js';
import { KEPT_OCCURRENCES, NOTHING, type TraceResult } from './trace-result.js';

let plugins: Promise<Analyzer[]> = Promise.resolve([]);

/** Loads what all traces need. */
export function prepare(settings: AuditSettings): Promise<unknown> {
  plugins = loadPlugins(settings);
  return plugins.catch(() => undefined);
}

/** Imports a capture, if it is one, and judges it. Problems become part of the result. */
export async function auditTrace(
  task: AuditTask,
  settings: AuditSettings,
  onProgress?: (events: number) => void,
): Promise<TraceResult> {
  const notices: string[] = [];
  const none = { events: 0, lost: 0, findings: [], ...NOTHING, notChecked: [], metrics: {} };
  try {
    const trace = await traceOf(task, settings, notices);
    const reader = TraceReader.open(trace);
    try {
      if (reader.damage !== undefined) notices.push(describeDamage(reader));
      const { only } = settings;
      // One thread: the other cores work on other traces.
      const report = await analyzeTrace(reader, {
        only,
        plugins: await plugins,
        measure: METRICS,
        threads: 1,
        onProgress,
      });
      const findings = report.findings.map(finding => ({
        ...finding,
        occurrences: finding.occurrences.slice(0, KEPT_OCCURRENCES),
      }));
      const { counts, health } = reader.metadata;
      const lost = health?.lost.reduce((sum, { count }) => sum + count, 0) ?? counts?.lost ?? 0;
      const { incidents, customs, divergences, notChecked, measures } = report;
      const found = { findings, incidents, customs, divergences, notChecked, metrics: measures };
      return { ...result(task, notices), events: reader.rows, lost, ...found };
    } finally {
      reader.close();
    }
  } catch (error) {
    const code = isP2mError(error) ? error.code : 'P2M_BUG';
    const message = error instanceof Error ? error.message : String(error);
    return { ...result(task, notices), ...none, problem: { code, message } };
  }
}

const result = ({ path, trace }: AuditTask, notices: readonly string[]) => ({
  version: 2 as const,
  path,
  trace: path.endsWith('.arrow') ? path : trace,
  problem: null,
  notices: [...notices],
});

/** The file itself if it is a trace, otherwise the trace made from it. */
async function traceOf({ path, trace }: AuditTask, settings: AuditSettings, notices: string[]): Promise<string> {
  if (path.endsWith('.arrow') || existsSync(trace)) return path.endsWith('.arrow') ? path : trace;
  checkOutputs([trace], [path]);
  const input = await openInput(path, undefined);
  try {
    const damage = inputDamage(input, await importInput(input, trace, settings, () => undefined));
    if (damage !== undefined) notices.push(`${damage}; the trace has everything that could be read`);
  } catch (error) {
    // If the compressed file was cut, that explains an error in its last line.
    notices.push(...input.problems);
    throw error;
  }
  return trace;
}
