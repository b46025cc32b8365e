import { resolve } from 'node:path';
import { usageError } from '@p2mtrace/trace-format/errors';
import { checkOutputs } from '@p2mtrace/trace-format/output';
import { type AuditOptions, type Resolved, resolveOptions } from '../audit/audit-options.js';
import { type AuditReport, auditReport } from '../audit/audit-report.js';
import { readBaseline, readSuppressions, writeBaseline } from '../audit/baseline.js';
import { AuditHistory } from '../audit/history.js';
import { inputFiles } from '../audit/inputs.js';
import { runAudit } from '../audit/run-audit.js';
import { StateFolder } from '../audit/state-folder.js';
import type { Context, Run } from '../command.js';
import { EXIT } from '../exit.js';
import { withText } from '../output/text-output.js';
import { auditConfig } from '../plugins/configuration.js';
import { flat } from '../render/incident-order.js';
import { Progress } from '../render/progress.js';
import { sayWritten } from '../render/written.js';
import { REPORTERS } from '../reporters/index.js';
import { parseReporter, type ReportTarget } from '../reporters/parse-reporter.js';
import { version } from '../version.js';

interface Options extends AuditOptions {
  readonly flat?: boolean;
  readonly updateBaseline?: boolean;
  readonly pruneBaseline?: boolean;
  readonly progress?: string;
}

export const run: Run<readonly [string[]], Options> = async ([named], given, context) => {
  const options: Options = { ...(await auditConfig(given.config)), ...given };
  const paths = named.length > 0 ? named : (options.paths ?? []);
  if (paths.length === 0) {
    throw usageError(
      'P2M_USAGE',
      'there is nothing to audit',
      'name traces, captures or folders, or audit.paths in the configuration',
    );
  }
  const resolved = resolveOptions(options);
  const targets = (options.reporter ?? ['pretty']).map(parseReporter);
  checkFiles(paths, targets, resolved, options);
  const baseline = readBaseline(resolved.baseline);
  const suppressions = readSuppressions(resolved.suppressions);
  const traces = await judged(paths, options, resolved, context);
  const report = auditReport({
    tool: version(),
    traces: options.flat === true ? traces.map(flat) : traces,
    baseline,
    suppressions,
    today: new Date().toISOString().slice(0, 10),
  });
  await writeReports(report, targets, context);
  if (resolved.history !== false) await addToHistory(report, resolved.history, options.retain);
  const pruned = options.pruneBaseline === true ? known(report, baseline.findings) : baseline.findings;
  if (options.updateBaseline === true) writeBaseline(resolved.baseline, current(report));
  else if (options.pruneBaseline === true) writeBaseline(resolved.baseline, pruned);
  return exitCode(report, resolved.failOn, options.updateBaseline === true);
};

async function judged(paths: readonly string[], options: Options, { state, workers }: Resolved, context: Context) {
  const progress = new Progress(context, options.progress, 'traces');
  const { xenVersion, layout, symbols, cpuHz, only, plugin, pluginOption, config } = options;
  const files = { symbols: absolute(symbols), config: absolute(config) };
  const settings = { xenVersion, layout, cpuHz, only, plugin, pluginOption, ...files };
  try {
    const { results } = await runAudit(paths, settings, new StateFolder(state), workers, progress.update);
    return results;
  } finally {
    progress.end();
  }
}

const absolute = (path: string | undefined) => (path === undefined ? undefined : resolve(path));

async function writeReports(report: AuditReport, targets: readonly ReportTarget[], context: Context): Promise<void> {
  for (const { name, file } of targets) {
    const text = await (await REPORTERS[name]())(report);
    await withText(file, context, out => out.write(text));
    if (file !== undefined) sayWritten(context, file);
  }
}

/** Before hours of work: no report may overwrite a trace or a file of the audit. */
function checkFiles(
  paths: readonly string[],
  targets: readonly ReportTarget[],
  { baseline, suppressions, history }: Resolved,
  { symbols, config }: Options,
): void {
  const reports = targets.flatMap(({ file }) => file ?? []);
  const own = [baseline, suppressions, history, symbols, config].filter(file => typeof file === 'string');
  checkOutputs(reports, [...inputFiles(paths), ...own]);
}

async function addToHistory(report: AuditReport, path: string, retain: number | undefined): Promise<void> {
  const history = await AuditHistory.open(path);
  try {
    const now = new Date();
    await history.add(report, now.toISOString());
    if (retain !== undefined) await history.retain(new Date(now.getTime() - retain).toISOString().replace(/Z$/, ''));
  } finally {
    history.close();
  }
}

/** The current findings as a baseline. */
const current = ({ findings }: AuditReport) =>
  findings
    .filter(({ state }) => state !== 'suppressed')
    .map(({ id, rule, severity, signature }) => ({ id, rule, severity, signature }));

/** The part of a baseline that is still there. */
const known = ({ fixed }: AuditReport, findings: ReturnType<typeof current>) =>
  findings.filter(({ signature }) => !fixed.some(one => one.signature === signature));

function exitCode({ findings, traces }: AuditReport, failOn: Resolved['failOn'], accepted: boolean): number {
  const fails = findings.some(({ state, severity }) => {
    if (state !== 'new' || failOn === 'none' || accepted) return false;
    return severity === 'error' || (severity === 'warning' && failOn === 'warning');
  });
  if (fails) return EXIT.findings;
  return traces.some(({ problem }) => problem !== null) ? EXIT.input : EXIT.fine;
}
