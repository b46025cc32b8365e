import { makeFolderOf } from '@p2mtrace/trace-format/output';
import { type AuditOptions, type Resolved, resolveOptions } from '../audit/audit-options.js';
import { type AuditReport, auditReport } from '../audit/audit-report.js';
import { readBaseline, readSuppressions, writeBaseline } from '../audit/baseline.js';
import type { AuditHistory } from '../audit/history.js';
import { checkMetrics } from '../audit/own-metrics.js';
import type { AuditRun } from '../audit/run-audit.js';
import { shortfallsOf } from '../audit/shortfalls.js';
import { changeHistory } from '../audit/use-history.js';
import type { Context } from '../command.js';
import { EXIT } from '../exit.js';
import { withText } from '../output/text-output.js';
import { flat } from '../render/incident-order.js';
import { sayWritten } from '../render/written.js';
import { REPORTERS } from '../reporters/index.js';
import { parseReporter, type ReportTarget } from '../reporters/parse-reporter.js';
import { visible } from '../text/visible.js';
import { version } from '../version.js';

/** How an audit ends: what it compares with, what it writes, when it fails. */
export interface ConclusionOptions
  extends Pick<
    AuditOptions,
    | 'state'
    | 'reporter'
    | 'baseline'
    | 'suppressions'
    | 'failOn'
    | 'history'
    | 'retain'
    | 'expect'
    | 'maxAge'
    | 'strict'
    | 'measures'
  > {
  readonly flat?: boolean;
  readonly updateBaseline?: boolean;
  readonly pruneBaseline?: boolean;
}

/** All traces of an audit, judged, and what took part. */
export interface AuditedTraces extends Pick<AuditRun, 'results' | 'contents' | 'passedOver' | 'newest'> {
  readonly config: string | null;
  readonly plugins: readonly string[];
}

/** What is read before hours of work, as it may be wrong. */
export class Conclusion {
  /** Where reports go. */
  readonly targets: readonly ReportTarget[];
  private readonly options: ConclusionOptions;
  private readonly resolved: Resolved;
  private readonly baseline: ReturnType<typeof readBaseline>;
  private readonly suppressions: ReturnType<typeof readSuppressions>;
  private readonly now = new Date();

  /** @throws P2mError P2M_REPORTER, P2M_BASELINE, P2M_SUPPRESSIONS, P2M_CONFIG (usage) */
  constructor(options: ConclusionOptions) {
    checkMetrics(options.measures ?? []);
    this.options = options;
    this.resolved = resolveOptions(options);
    this.targets = (options.reporter ?? ['pretty']).map(parseReporter);
    this.baseline = readBaseline(this.resolved.baseline);
    this.suppressions = readSuppressions(this.resolved.suppressions);
  }

  /** Files that are written, or that no report may overwrite. */
  get files(): { readonly reports: readonly string[]; readonly own: readonly string[] } {
    const { baseline, suppressions, history } = this.resolved;
    return {
      reports: this.targets.flatMap(({ file }) => file ?? []),
      own: [baseline, suppressions, history].filter(file => typeof file === 'string'),
    };
  }

  /**
   * Writes reports, baseline and history; returns the exit code.
   * @throws P2mError P2M_OUTPUT, P2M_WRITE, P2M_HISTORY (usage)
   */
  async reach(audited: AuditedTraces, context: Context): Promise<number> {
    const { options, resolved, baseline, suppressions, now } = this;
    const { results, contents, passedOver, newest, config, plugins } = audited;
    for (const { path, why } of passedOver) context.err.detail(`p2mtrace: passed over ${visible(path)}: ${why}\n`);
    const report = auditReport({
      tool: version(),
      config,
      plugins,
      traces: options.flat === true ? results.map(flat) : results,
      contents,
      passedOver,
      shortfalls: shortfallsOf({ results, newest }, options, now),
      metrics: options.measures ?? [],
      baseline,
      suppressions,
      today: now.toISOString().slice(0, 10),
    });
    await writeReports(report, this.targets, context);
    const pruned = options.pruneBaseline === true ? known(report, baseline.findings) : baseline.findings;
    if (options.updateBaseline === true) writeBaseline(resolved.baseline, current(report));
    else if (options.pruneBaseline === true) writeBaseline(resolved.baseline, pruned);
    if (resolved.history !== false) await addToHistory(report, resolved.history, options.retain, now, context);
    return exitCode(report, resolved.failOn, options.updateBaseline === true);
  }
}

async function writeReports(report: AuditReport, targets: readonly ReportTarget[], context: Context): Promise<void> {
  for (const { name, file } of targets) {
    const text = await (await REPORTERS[name]())(report);
    await withText(file, context, out => out.write(text));
    if (file !== undefined) sayWritten(context, file);
  }
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
  makeFolderOf(path);
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
  { findings, traces, shortfalls, exceeded }: AuditReport,
  failOn: Resolved['failOn'],
  accepted: boolean,
): number {
  const fails = findings.some(({ state, severity }) => {
    if (state !== 'new' || failOn === 'none' || accepted) return false;
    return severity === 'error' || (severity === 'warning' && failOn === 'warning');
  });
  if (fails || (exceeded.length > 0 && failOn !== 'none')) return EXIT.findings;
  // What was cut off may have had a finding: as for every command, that is not fine.
  const isPartial = traces.some(({ problem, notices }) => problem !== null || notices.length > 0);
  return shortfalls.length > 0 || isPartial ? EXIT.input : EXIT.fine;
}
