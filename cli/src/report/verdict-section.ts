import type { AuditFinding, AuditReport } from '../audit/audit-report.js';
import { exceededLine } from '../audit/own-metrics.js';
import { summaryLine, tookPartLine } from '../audit/summary-line.js';
import { counted } from '../render/cell.js';
import { findingCount } from '../render/finding-count.js';
import { html, type Markup, table } from './html.js';
import type { TraceReport } from './trace-report.js';
import { recordedTable } from './trace-section.js';

/** True if there is a baseline: without one, every finding would be new. */
export const hasBaseline = ({ findings, fixed }: AuditReport): boolean =>
  fixed.length > 0 || findings.some(({ state }) => state === 'known');

/**
 * What a reader wants to know first: is anything wrong, and how much; what was recorded, and what was run. `trace`: of the
 * one trace that there is.
 */
export function verdictSection(report: AuditReport, trace?: TraceReport, command?: string): Markup {
  const took = tookPartLine(report);
  const lines = [
    ...report.exceeded.map(exceededLine),
    ...report.shortfalls,
    ...(took === undefined ? [] : [`Judged ${took}`]),
  ];
  const of = report.traces.length === 1 ? html` <span class="path">${report.traces[0].path}</span>` : undefined;
  return html`<section class="verdict ${verdictOf(report)[0]}" aria-labelledby="verdict"><h1 id="verdict">${verdictText(report)}</h1>
${of === undefined ? undefined : html`<p>in${of}</p>`}${trace === undefined ? undefined : recordedTable(trace)}
<p>${hasBaseline(report) ? summaryLine(report) : countsLine(report)}.</p>${lines.map(line => html`<p>${line}.</p>`)}
${command === undefined ? undefined : html`<p class="by">Made by <code>${command}</code></p>`}</section>`;
}

/** `1 error, 2 warnings`. */
export const verdictText = (report: AuditReport): string => verdictOf(report)[1];

/** Without a baseline: how many files there are, and what was found in them. */
function countsLine({ traces, findings }: AuditReport): string {
  const shown = findings.filter(({ state }) => state !== 'suppressed');
  const suppressed = findings.length - shown.length;
  const more = suppressed === 0 ? '' : `, ${counted(suppressed, 'other')} suppressed`;
  const unreadable = traces.filter(({ problem }) => problem !== null).length;
  const broken = unreadable === 0 ? '' : `, ${unreadable} of them could not be judged`;
  return `${counted(traces.length, 'file')}${broken}; ${findingCount(shown)}${more}`;
}

function verdictOf(report: AuditReport): readonly [kind: string, text: string] {
  const { findings, traces, shortfalls, exceeded } = report;
  const isNew = hasBaseline(report) ? 'new ' : '';
  const fresh = findings.filter(({ state }) => state === 'new');
  const broken = traces.filter(({ problem }) => problem !== null).length;
  const of = (severity: AuditFinding['severity']) => fresh.filter(finding => finding.severity === severity).length;
  const [errors, warnings] = [of('error'), of('warning')];
  const parts = [
    ...(errors > 0 ? [counted(errors, `${isNew}error`)] : []),
    ...(warnings > 0 ? [counted(warnings, `${isNew}warning`)] : []),
    ...(exceeded.length > 0 ? [`${counted(exceeded.length, 'number')} beyond a limit`] : []),
    ...(shortfalls.length > 0 ? ['not as many or as new traces as expected'] : []),
    ...(broken > 0 ? [`${counted(broken, 'trace')} could not be judged`] : []),
  ];
  if (errors > 0) return ['error', parts.join(', ')];
  if (parts.length > 0) return ['warning', parts.join(', ')];
  const nothing = isNew === '' ? 'Nothing' : 'Nothing new';
  return ['fine', of('note') === 0 ? `${nothing} was found` : `${nothing} but notes`];
}

/** Everything else: traces that could not be judged, what is fixed, suppressions without effect. */
export function remainderSection({ traces, fixed, suppressions }: AuditReport): Markup {
  const broken = traces.filter(({ problem }) => problem !== null);
  const idle = [
    ...suppressions.unused.map(one => ['unused', one.finding, one.reason]),
    ...suppressions.expired.map(one => [`expired on ${one.expires}`, one.finding, one.reason]),
  ];
  return html`${listed(
    'Not judged',
    ['trace', 'code', 'why'],
    broken.map(({ path, problem }) => [path, problem?.code, problem?.message]),
  )}${listed(
    'No longer seen',
    ['rule', 'severity', 'id', 'signature'],
    fixed.map(({ rule, severity, id, signature }) => [rule, severity, id, signature]),
  )}${listed('Suppressions that do nothing', ['state', 'finding', 'reason'], idle)}`;
}

function listed(title: string, heads: readonly string[], rows: readonly (readonly (string | undefined)[])[]) {
  return rows.length === 0 ? undefined : html`<section><h2>${title}</h2>${table(heads, rows)}</section>`;
}
