import { type BoundRule, type Finding, RULES } from '@p2mtrace/analyzers';
import type { AuditFinding, AuditReport } from '../audit/audit-report.js';
import type { TraceResult } from '../audit/trace-result.js';
import { isP2mError } from '../exit.js';
import { counted } from '../render/cell.js';
import { byIncident } from '../render/incident-order.js';
import { findingSection, type ToldTrace } from './finding-section.js';
import { html, type Markup } from './html.js';
import { page } from './page.js';
import { findingKey, readTraceReport, type TraceReport } from './trace-report.js';
import { cut, traceSection } from './trace-section.js';
import { hasBaseline, remainderSection, verdictSection, verdictText } from './verdict-section.js';

/** Most findings listed; most findings per trace told that no earlier trace tells; most traces drawn. */
const SHOWN = { findings: 400, told: 12, traces: 8 };

/**
 * A report as one HTML file. Opens the traces to tell stories and draw charts; a trace that can't be opened is named.
 * `rules`: the rules that findings may belong to; `command`: what was run.
 */
export async function htmlReport(
  report: AuditReport,
  rules: readonly BoundRule[] = RULES,
  command?: string,
): Promise<string> {
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
  const body = html`${verdictSection(report, drawn.length === 1 ? read.get(drawn[0]) : undefined, command)}
<section aria-labelledby="findings"><h2 id="findings">Findings</h2>${cut(findings.length, SHOWN.findings, 'findings, the new and worst ones')}
${findings.length === 0 ? html`<p class="none">None.</p>` : undefined}
${findings.length < SEARCHED ? undefined : searchForm()}
${findingList(report, read, rules)}</section>
${remainderSection(report)}
${cut(traces.length, drawn.length, 'traces drawn, those with new findings first')}
${sections}
<footer>p2mtrace ${tool}</footer>`;
  const links = [
    ['findings', 'Findings'],
    ...shortNames(drawn.map(({ path }) => path)).map((name, i) => [`trace-${i + 1}`, name] as const),
  ] as const;
  const [first, ...others] = shortNames(traces.map(({ path }) => path));
  const named = others.length === 0 ? (first ?? 'no trace') : counted(traces.length, 'trace');
  return page(`${named}: ${verdictText(report)}`, links as never, body);
}

/** File names, as far as these tell the traces apart. */
function shortNames(paths: readonly string[]): string[] {
  const names = paths.map(path => path.split('/').at(-1) ?? path);
  return names.map((name, i) => (names.indexOf(name) === names.lastIndexOf(name) ? name : paths[i]));
}

/** From so many findings on, they can be searched. */
const SEARCHED = 6;

/** Chooses findings by words and severity; the script of the page does it. */
function searchForm(): Markup {
  return html`<form class="search" role="search"><label>Search <input type="search" placeholder="rule, function, domain, trace"></label>
${['error', 'warning', 'note'].map(severity => html`<label><input type="checkbox" name="${severity}" checked> ${severity}s</label>\n`)}<output aria-live="polite"></output></form>`;
}

/** The first new finding is unfolded, as most readers come for it. */
function findingList(
  report: AuditReport,
  read: ReadonlyMap<TraceResult, TraceReport>,
  rules: readonly BoundRule[],
): Markup[] {
  const isCompared = hasBaseline(report);
  return byIncident(report.findings.slice(0, SHOWN.findings)).map((finding, i) => {
    const rule = rules.find(({ id }) => id === finding.rule);
    const told = [...read].flatMap(([{ path }, { told, seconds }]): ToldTrace[] => {
      const list = finding.traces.some(trace => trace.path === path) ? told.get(findingKey(finding)) : undefined;
      return list === undefined ? [] : [{ path, told: list, seconds }];
    });
    return findingSection(
      finding,
      rule,
      told,
      i === 0 && finding.state === 'new' && finding.severity !== 'note',
      isCompared,
    );
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
