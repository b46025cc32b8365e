import { existsSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { type Analyzer, analyzeTrace } from '@p2mtrace/analyzers';
import { describeDamage, TraceReader } from '@p2mtrace/trace-format';
import { run as runImport } from '../commands/import.js';
import { EXIT, isP2mError } from '../exit.js';
import { loadPlugins } from '../plugins/load-plugins.js';
import { Terminal } from '../terminal.js';
import type { AuditSettings, AuditTask } from './audit-task.js';
import { METRICS } from './metrics.js';
import { KEPT_OCCURRENCES, NOTHING, type TraceResult } from './trace-result.js';

let plugins: Promise<Analyzer[]> = Promise.resolve([]);

/** Loads what all traces need. */
export function prepare(settings: AuditSettings): Promise<unknown> {
  plugins = loadPlugins(settings);
  return plugins.catch(() => undefined);
}

/** Imports a capture, if it is one, and judges it. What is wrong with it becomes part of the result. */
export async function auditTrace(task: AuditTask, settings: AuditSettings): Promise<TraceResult> {
  const notices: string[] = [];
  const none = { events: 0, lost: 0, findings: [], ...NOTHING, notChecked: [], metrics: {} };
  try {
    const trace = await traceOf(task, settings, notices);
    const reader = TraceReader.open(trace);
    try {
      if (reader.damage !== undefined) notices.push(describeDamage(reader));
      const { only } = settings;
      // The other cores have traces of their own.
      const report = await analyzeTrace(reader, { only, plugins: await plugins, measure: METRICS, threads: 1 });
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

/** The file itself where it is a trace, else the trace that is made of it. */
async function traceOf({ path, trace }: AuditTask, settings: AuditSettings, notices: string[]): Promise<string> {
  if (path.endsWith('.arrow') || existsSync(trace)) return path.endsWith('.arrow') ? path : trace;
  const said = new PassThrough();
  const chunks: Buffer[] = [];
  said.on('data', chunk => chunks.push(chunk as Buffer));
  const terminal = new Terminal(said as unknown as NodeJS.WriteStream);
  const { xenVersion, layout, symbols, cpuHz } = settings;
  const options = { output: trace, xenVersion, layout, symbols, cpuHz, quiet: true, progress: 'never' } as const;
  const code = await runImport([path], options as never, { out: terminal, err: terminal });
  const text = Buffer.concat(chunks).toString().trim();
  if (code !== EXIT.fine && text !== '') notices.push(text.replaceAll(trace, 'the trace'));
  return trace;
}
