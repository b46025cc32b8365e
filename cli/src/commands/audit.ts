import { resolve } from 'node:path';
import { usageError } from '@p2mtrace/trace-format/errors';
import { checkOutputs } from '@p2mtrace/trace-format/output';
import { type AuditOptions, type Resolved, resolveOptions } from '../audit/audit-options.js';
import { type AuditReport, auditReport } from '../audit/audit-report.js';
import { readBaseline, readSuppressions, writeBaseline } from '../audit/baseline.js';
import type { AuditHistory } from '../audit/history.js';
import { findInputs, type Inputs } from '../audit/inputs.js';
import { runAudit } from '../audit/run-audit.js';
import { shortfallsOf } from '../audit/shortfalls.js';
import { StateFolder } from '../audit/state-folder.js';
import { changeHistory } from '../audit/use-history.js';
import type { Context, Run } from '../command.js';
import { EXIT } from '../exit.js';
import { withText } from '../output/text-output.js';
import { auditConfig } from '../plugins/configuration.js';
import { tookPart } from '../plugins/load-plugins.js';
import { flat } from '../render/incident-order.js';
import { Progress } from '../render/progress.js';
import { sayWritten } from '../render/written.js';
import { REPORTERS } from '../reporters/index.js';
import { parseReporter, type ReportTarget } from '../reporters/parse-reporter.js';
import { visible } from '../text/visible.js';
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
  const inputs = await findInputs(paths, resolved.state);
  checkFiles(inputs, targets, resolved, options);
  const baseline = readBaseline(resolved.baseline);
  const suppressions = readSuppressions(resolved.suppressions);
  const now = new Date();
  const { results, contents, passedOver, newest } = await judged(inputs, options, resolved, context);
  for (const { path, why } of passedOver) context.err.detail(`p2mtrace: passed over ${visible(path)}: ${why}\n`);
  const { config, plugins } = await tookPart(options);
  const report = auditReport({
    tool: version(),
    config: config ?? null,
    plugins,
    traces: options.flat === true ? results.map(flat) : results,
    contents,
    passedOver,
    shortfalls: shortfallsOf({ results, newest }, options, now),
    baseline,
    suppressions,
    today: now.toISOString().slice(0, 10),
  });
  await writeReports(report, targets, context);
  const pruned = options.pruneBaseline === true ? known(report, baseline.findings) : baseline.findings;
  if (options.updateBaseline === true) writeBaseline(resolved.baseline, current(report));
  else if (options.pruneBaseline === true) writeBaseline(resolved.baseline, pruned);
  if (resolved.history !== false) await addToHistory(report, resolved.history, options.retain, now, context);
  return exitCode(report, resolved.failOn, options.updateBaseline === true);
};

async function judged(inputs: Inputs, options: Options, { state, workers }: Resolved, context: Context) {
  const progress = new Progress(context, options.progress, 'traces');
  const tell = (text: string) => {
    progress.end();
    context.err.say(`p2mtrace: ${visible(text)}\n`);
  };
  const { xenVersion, layout, symbols, cpuHz, only, plugin, pluginOption, config } = options;
  const files = { symbols: absolute(symbols), config: config === false ? config : absolute(config) };
  const settings = { xenVersion, layout, cpuHz, only, plugin, pluginOption, ...files };
  try {
    const folder = new StateFolder(state, tell);
    return await runAudit(inputs, folder, { settings, workers, onProgress: progress.update, tell });
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
  { files }: Inputs,
  targets: readonly ReportTarget[],
  { baseline, suppressions, history }: Resolved,
  { symbols, config }: Options,
): void {
  const reports = targets.flatMap(({ file }) => file ?? []);
  const own = [baseline, suppressions, history, symbols, config].filter(file => typeof file === 'string');
  checkOutputs(reports, [...files, ...own]);
}

async function addToHistory(
  report: AuditReport,
  path: string,
  retain: number | undefined,
  now: Date,
  { err }: Context,
): Promise<void> {
  const since = retain === undefined ? undefined : new Date(now.getTime() - retain).toISOString().replace(/Z$/, '');
  const work = async (history: AuditHistory) => {
    await history.add(report, now.toISOString());
    if (since !== undefined) await history.retain(since);
  };
  await changeHistory(path, work, text => err.say(`p2mtrace: ${visible(text)}\n`));
}

/** The current findings as a baseline. */
const current = ({ findings }: AuditReport) =>
  findings
    .filter(({ state }) => state !== 'suppressed')
    .map(({ id, rule, severity, signature }) => ({ id, rule, severity, signature }));

/** The part of a baseline that is still there. */
const known = ({ fixed }: AuditReport, findings: ReturnType<typeof current>) =>
  findings.filter(({ signature }) => !fixed.some(one => one.signature === signature));

function exitCode(
  { findings, traces, shortfalls }: AuditReport,
  failOn: Resolved['failOn'],
  accepted: boolean,
): number {
  const fails = findings.some(({ state, severity }) => {
    if (state !== 'new' || failOn === 'none' || accepted) return false;
    return severity === 'error' || (severity === 'warning' && failOn === 'warning');
  });
  if (fails) return EXIT.findings;
  // What was cut off may have had a finding: as for every command, that is not fine.
  const isPartial = traces.some(({ problem, notices }) => problem !== null || notices.length > 0);
  return shortfalls.length > 0 || isPartial ? EXIT.input : EXIT.fine;
}
