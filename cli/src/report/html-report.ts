import { type BoundRule, type Finding, RULES } from '@p2mtrace/analyzers';
import type { AuditFinding, AuditReport } from '../audit/audit-report.js';
import type { TraceResult } from '../audit/trace-result.js';
import { isP2mError } from '../exit.js';
import { byIncident } from '../render/incident-order.js';
import { findingSection, type ToldTrace } from './finding-section.js';
import { html, type Markup } from './html.js';
import { page } from './page.js';
import { findingKey, readTraceReport, type TraceReport } from './trace-report.js';
import { cut, traceSection } from './trace-section.js';
import { remainderSection, verdictSection } from './verdict-section.js';

/** Most findings listed; most findings per trace told that no earlier trace tells; most traces drawn. */
const SHOWN = { findings: 200, told: 12, traces: 8 };

/**
 * A report as one HTML file. Opens the traces to tell stories and draw charts; a trace that can't be opened is named.
 * `rules`: the rules that findings may belong to.
 */
export async function htmlReport(report: AuditReport, rules: readonly BoundRule[] = RULES): Promise<string> {
  const { traces, findings, tool } = report;
  const drawn = worthDrawing(traces, findings);
  const read = new Map<TraceResult, TraceReport>();
  const problems = new Map<TraceResult, string>();
  const told = new Set<string>();
  for (const trace of drawn) {
    try {
      const tell = findingsToTell(trace, findings).filter(finding => !told.has(findingKey(finding)));
      read.set(trace, await readTraceReport(trace, tell));
      for (const finding of tell) told.add(findingKey(finding));
    } catch (error) {
      if (!isP2mError(error)) throw error;
      problems.set(trace, error.message);
    }
  }
  const sections = drawn.map((trace, i) => {
    const problem = problems.get(trace);
    const said = problem === undefined ? trace : { ...trace, notices: [...trace.notices, problem] };
    return traceSection(said, read.get(trace), `trace-${i + 1}`);
  });
  const body = html`${verdictSection(report)}
<section aria-labelledby="findings"><h2 id="findings">Findings</h2>${cut(findings.length, SHOWN.findings, 'findings, the new and worst ones')}
${findings.length === 0 ? html`<p class="none">None.</p>` : undefined}
${findingList(findings, read, rules)}</section>
${remainderSection(report)}
${cut(traces.length, drawn.length, 'traces drawn, those with new findings first')}
${sections}
<footer>p2mtrace ${tool}</footer>`;
  const links = [
    ['findings', 'Findings'],
    ...drawn.map(({ path }, i) => [`trace-${i + 1}`, path.split('/').at(-1) ?? path] as const),
  ] as const;
  return page('p2mtrace report', links as never, body);
}

/** The first new finding is unfolded, as most readers come for it. */
function findingList(
  findings: readonly AuditFinding[],
  read: ReadonlyMap<TraceResult, TraceReport>,
  rules: readonly BoundRule[],
): Markup[] {
  return byIncident(findings.slice(0, SHOWN.findings)).map((finding, i) => {
    const rule = rules.find(({ id }) => id === finding.rule);
    const told = [...read].flatMap(([{ path }, { told }]): ToldTrace[] => {
      const list = finding.traces.some(trace => trace.path === path) ? told.get(findingKey(finding)) : undefined;
      return list === undefined ? [] : [{ path, told: list }];
    });
    return findingSection(finding, rule, told, i === 0 && finding.state === 'new' && finding.severity !== 'note');
  });
}

/** The traces that were judged, those with new findings first. */
function worthDrawing(traces: readonly TraceResult[], findings: readonly AuditFinding[]): TraceResult[] {
  const fresh = new Set(
    findings.filter(({ state }) => state === 'new').flatMap(one => one.traces.map(({ path }) => path)),
  );
  const judged = traces.filter(({ problem }) => problem === null);
  return [...judged.filter(({ path }) => fresh.has(path)), ...judged.filter(({ path }) => !fresh.has(path))].slice(
    0,
    SHOWN.traces,
  );
}

/** The findings of a trace whose stories may be told: as the report lists them, without suppressed ones. */
function findingsToTell({ path, findings: own }: TraceResult, findings: readonly AuditFinding[]): Finding[] {
  const keys = findings
    .filter(({ state, traces }) => state !== 'suppressed' && traces.some(trace => trace.path === path))
    .map(findingKey);
  return keys.flatMap(key => own.filter(finding => findingKey(finding) === key)).slice(0, SHOWN.told);
}
