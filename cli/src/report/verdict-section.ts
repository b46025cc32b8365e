import type { AuditFinding, AuditReport } from '../audit/audit-report.js';
import { summaryLine, tookPartLine } from '../audit/summary-line.js';
import { counted } from '../render/cell.js';
import { html, type Markup, table } from './html.js';

/** What a reader wants to know first: is anything wrong, and how much. */
export function verdictSection(report: AuditReport): Markup {
  const { findings, traces } = report;
  const fresh = findings.filter(({ state }) => state === 'new');
  const broken = traces.filter(({ problem }) => problem !== null).length;
  const [kind, verdict] = verdictOf(fresh, broken, report.shortfalls.length > 0);
  const took = tookPartLine(report);
  const lines = [...report.shortfalls, ...(took === undefined ? [] : [`Judged ${took}`])];
  return html`<section class="verdict ${kind}" aria-labelledby="verdict"><h1 id="verdict">${verdict}</h1>
<p>${summaryLine(report)}.</p>${lines.map(line => html`<p>${line}.</p>`)}</section>`;
}

function verdictOf(fresh: readonly AuditFinding[], broken: number, isShort: boolean): [kind: string, text: string] {
  const of = (severity: AuditFinding['severity']) => fresh.filter(finding => finding.severity === severity).length;
  const [errors, warnings] = [of('error'), of('warning')];
  const parts = [
    ...(errors > 0 ? [counted(errors, 'new error')] : []),
    ...(warnings > 0 ? [counted(warnings, 'new warning')] : []),
    ...(isShort ? ['not as many or as new traces as expected'] : []),
    ...(broken > 0 ? [`${counted(broken, 'trace')} could not be judged`] : []),
  ];
  if (errors > 0) return ['error', parts.join(', ')];
  if (parts.length > 0) return ['warning', parts.join(', ')];
  return ['fine', of('note') === 0 ? 'Nothing new was found' : 'Nothing new but notes'];
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
