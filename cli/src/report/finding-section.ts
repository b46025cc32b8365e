import { type BoundRule, confirmQuery } from '@p2mtrace/analyzers';
import type { AuditFinding } from '../audit/audit-report.js';
import { cellText, counted } from '../render/cell.js';
import { isConsequence } from '../render/incident-order.js';
import { timesText } from '../render/out-of.js';
import { beliefText, sqlLines } from '../render/rule-text.js';
import { html, type Markup, scriptJson, table } from './html.js';
import { storySection } from './story-section.js';
import type { Lane, Timeline } from './timeline.js';
import { TOLD_WITNESSES, type ToldOccurrence } from './trace-report.js';
import { cut } from './trace-section.js';

/** Most traces of a finding, and occurrences in each, that are listed. */
const LISTED = { traces: 20, occurrences: 10 };

/** Most characters of a value or signature: a circle of locks names all of them. */
const LONGEST = 400;

/** The story of a finding in one trace. */
export interface ToldTrace {
  readonly path: string;
  readonly told: readonly ToldOccurrence[];
}

/** A finding that can be unfolded: what it means, where it is, how it came about, what to do. */
export function findingSection(
  finding: AuditFinding,
  rule: BoundRule | undefined,
  told: readonly ToldTrace[],
  isOpen: boolean,
): Markup {
  const { id, rule: name, severity, confidence, state, reason, title, signature, traces } = finding;
  const { basis, incident } = finding;
  return html`<details class="finding ${severity}" id="finding-${id}-${severity}-${confidence}"${isOpen ? html` open` : undefined}>
<summary><span class="severity">${severity}</span> <strong>${name}</strong> ${title}
<span class="facts">${timesText(finding)} in ${counted(traces.length, 'trace')}, ${confidence}${state === 'new' ? '' : `, ${state}`}</span></summary>
<p class="signature"><code>${id}</code> <code>${shortened(signature)}</code></p>
${isConsequence(finding) ? html`<p>Follows from finding <code>${incident}</code>.</p>` : undefined}
${reason === null ? undefined : html`<p>Suppressed: ${reason}</p>`}
${paragraph('What it means', rule?.doc)}${paragraph('What it rests on', rule?.belief === undefined ? basis : beliefText(rule.belief))}${paragraph('How it comes about', rule?.mechanism)}
<h4>Where</h4>${where(finding)}
${told.map(({ path, told: list }) => list.map(one => occurrenceSection(finding, rule, path, one)))}
${paragraph('How it is usually fixed', rule?.fix)}${paragraph('What the rule can get wrong', rule?.limits)}
</details>\n`;
}

function paragraph(title: string, text: string | undefined): Markup | undefined {
  return text === undefined ? undefined : html`<h4>${title}</h4><p>${text}</p>`;
}

function where({ id, traces }: AuditFinding): Markup {
  const rows = traces.slice(0, LISTED.traces).flatMap(({ path, occurrences, count }) =>
    occurrences.slice(0, LISTED.occurrences).map(({ subject, witness }, i) => [
      i === 0
        ? html`<span class="path">${path}</span>${cut(count, Math.min(count, LISTED.occurrences), 'occurrences')}`
        : null,
      subjectOf(subject),
      html`${witness
        .slice(0, TOLD_WITNESSES)
        .map(({ role, seq }) => `${role} #${seq}`)
        .join(', ')}${cut(witness.length, TOLD_WITNESSES, 'witnesses')}`,
    ]),
  );
  const [first] = traces;
  return html`${table(['trace', 'about', 'witnesses'], rows)}${cut(traces.length, LISTED.traces, 'traces')}
<p>In a terminal: <code>p2mtrace explain ${first?.trace} ${id}</code></p>`;
}

const subjectOf = (subject: Readonly<Record<string, unknown>>): string =>
  Object.entries(subject)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${shortened(cellText(value))}`)
    .join(', ');

const shortened = (text: string): string =>
  text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}… (${text.length - LONGEST} characters more)`;

function occurrenceSection(
  finding: AuditFinding,
  rule: BoundRule | undefined,
  path: string,
  told: ToldOccurrence,
): Markup {
  const { number, occurrence, timeline } = told;
  const inTrace = finding.traces.find(trace => trace.path === path)?.count;
  const body = html`<p>${subjectOf(occurrence.subject)}, in <span class="path">${path}</span></p>
${cut(occurrence.witness.length + told.leftOut, occurrence.witness.length, 'witnesses')}
${timelineFigure(timeline, `${finding.rule}, occurrence ${number}`)}
${storySection(told)}
${
  rule?.confirm === undefined
    ? undefined
    : html`<details><summary>How to confirm it with p2mtrace sql</summary><pre class="sql">${sqlLines(confirmQuery(rule.confirm, occurrence)).join('\n')}</pre></details>`
}`;
  // Most readers want the first; the others are more of the same.
  return number === 1
    ? html`<h4>What happened (1 of ${inTrace})</h4>${body}`
    : html`<details class="occurrence"><summary>What happened (${number} of ${inTrace}): ${subjectOf(occurrence.subject)}</summary>${body}</details>`;
}

/** Drawn by the script of the page; the table is for readers without it, or that need text. */
function timelineFigure(timeline: Timeline, name: string): Markup {
  const cuts = timeline.lanes.filter(({ of, items }) => of > items.length);
  return html`<figure class="timeline"><div class="drawing" data-name="${name}"></div>
<script type="application/json">${scriptJson(timeline)}</script>
<figcaption>By number of event; dotted lines are the witnesses${timeline.lost.length === 0 ? undefined : ', broad ones lost records'}. <span class="how">Drag it, scroll with Ctrl, or use the keys: arrows move, + and − zoom, 0 shows all, w the witnesses.</span>${cuts.map(({ name, items, of }) => cut(of, items.length, `of “${name}”, those nearest to the witnesses`))}</figcaption></figure>
<details class="as-table"><summary>The same as a table</summary>${table(['lane', 'from', 'to', 'what', 'detail'], timeline.lanes.flatMap(laneRows))}</details>`;
}

/** Most rows per lane in the table. */
const TABLE_ROWS = 25;

function laneRows({ name, items }: Lane) {
  const rows = items
    .slice(0, TABLE_ROWS)
    .map(({ from, to, label, detail }, i) => [
      i === 0 ? html`${name}${cut(items.length, TABLE_ROWS, 'rows')}` : null,
      from === null ? 'before the trace' : `#${from}`,
      to === null ? 'at its end still' : to === from ? '' : `#${to}`,
      label,
      detail,
    ]);
  return rows;
}
