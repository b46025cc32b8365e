import { type BoundRule, confirmQuery, type Occurrence } from '@p2mtrace/analyzers';
import type { AuditFinding } from '../audit/audit-report.js';
import { cellText, count, counted } from '../render/cell.js';
import { seqText } from '../render/clock.js';
import { firstSentences } from '../render/first-sentences.js';
import { isConsequence } from '../render/incident-order.js';
import { timesText } from '../render/out-of.js';
import { beliefText, sqlLines } from '../render/rule-text.js';
import { html, type Markup, scriptJson, table } from './html.js';
import { storySection } from './story-section.js';
import type { Lane, Timeline } from './timeline.js';
import { LISTED_OCCURRENCES, TOLD_WITNESSES, type ToldOccurrence } from './trace-report.js';
import { cut } from './trace-section.js';

/** Most traces of a finding that are listed. */
const LISTED = { traces: 20 };

/** Most characters of a value or signature: a circle of locks names all of them. */
const LONGEST = 400;

/** The story of a finding in one trace. */
export interface ToldTrace {
  readonly path: string;
  readonly told: readonly ToldOccurrence[];
  /** Seconds of the events that are listed, where they are known. */
  readonly seconds: ReadonlyMap<number, number>;
}

/**
 * A finding that can be unfolded: its cause in a sentence, what happened, where it is, what it means, what to do.
 * `isCompared`: there is a baseline, so that new and known are said.
 */
export function findingSection(
  finding: AuditFinding,
  rule: BoundRule | undefined,
  told: readonly ToldTrace[],
  isOpen: boolean,
  isCompared: boolean,
): Markup {
  const { id, rule: name, severity, confidence, state, reason, title, signature, traces } = finding;
  const { basis, incident, count: times, of } = finding;
  const site = siteText(finding);
  const [first, ...others] = told.flatMap(({ path, told: list }) => list.map(one => [path, one] as const));
  return html`<details class="finding ${severity}" id="finding-${id}-${severity}-${confidence}"${isOpen ? html` open` : undefined}>
<summary><span class="severity">${severity}</span> <strong>${name}</strong> ${title}
<span class="facts">${site === '' ? undefined : html`<span class="site">${shortened(site)}</span> · `}${timesText(finding)} in ${counted(traces.length, 'trace')}, ${confidence}${isCompared || state === 'suppressed' ? `, ${state}` : ''}</span></summary>
${rule === undefined ? undefined : html`<p class="cause">${firstSentences(rule.doc)}</p>`}
${of === null ? undefined : html`<p>${oddsText(times, of)}</p>`}
${isConsequence(finding) ? html`<p>Follows from finding <code>${incident}</code>.</p>` : undefined}
${reason === null ? undefined : html`<p>Suppressed: ${reason}</p>`}
${first === undefined ? undefined : occurrenceSection(finding, rule, ...first)}
<h4>Where</h4>${where(finding, told)}
${others.map(([path, one]) => occurrenceSection(finding, rule, path, one))}
${paragraph('What it means', rule?.doc)}${paragraph('What it rests on', rule?.belief === undefined ? basis : beliefText(rule.belief))}${paragraph('How it comes about', rule?.mechanism)}
${paragraph('How it is usually fixed', rule?.fix)}${paragraph('What the rule can get wrong', rule?.limits)}
<p class="signature"><code>${id}</code> <code>${shortened(signature)}</code></p>
</details>\n`;
}

/** `19,993 of 20,030 references taken there were as they should be; these 37 were not.` */
function oddsText(times: number, { times: all, what, at }: NonNullable<AuditFinding['of']>): string {
  const right = Math.max(0, all - times);
  const these = times === 1 ? 'this one was not' : `these ${count(times)} were not`;
  return `${count(right)} of ${count(all)} ${what}${at === 'site' ? ' there' : ''} were as they should be; ${these}.`;
}

/** Where it is, as its signature or what all its occurrences share says; empty where nothing does. */
function siteText({ signature, rule, traces }: AuditFinding): string {
  if (signature.startsWith(`${rule} | `)) return signature.slice(rule.length + 3);
  const names = Object.entries(sharedBy(traces.flatMap(({ occurrences }) => occurrences)));
  const said = names.filter(([, value]) => typeof value === 'string' && !/^0x[0-9a-f]+$/.test(value));
  return said.map(([name, value]) => `${name} ${value}`).join(', ');
}

/** What the subjects of all occurrences have in common. */
function sharedBy(occurrences: readonly Occurrence[]): Occurrence['subject'] {
  const [first, ...others] = occurrences;
  const entries = Object.entries(first?.subject ?? {}).filter(([, value]) => value !== null);
  return Object.fromEntries(entries.filter(([name, value]) => others.every(({ subject }) => subject[name] === value)));
}

function paragraph(title: string, text: string | undefined): Markup | undefined {
  return text === undefined ? undefined : html`<h4>${title}</h4><p>${text}</p>`;
}

/** Rows that are shown without being unfolded. */
const UNFOLDED = 3;

function where({ id, traces }: AuditFinding, told: readonly ToldTrace[]): Markup {
  const all = traces.flatMap(({ occurrences }) => occurrences);
  const shared = all.length > 1 ? sharedBy(all) : {};
  const rows = traces.slice(0, LISTED.traces).flatMap(({ path, occurrences, count: times }) => {
    const seconds = told.find(one => one.path === path)?.seconds ?? new Map<number, number>();
    return occurrences.slice(0, LISTED_OCCURRENCES).map(({ subject, witness }, i) => [
      i === 0
        ? html`<span class="path">${path}</span>${cut(times, Math.min(times, LISTED_OCCURRENCES), 'occurrences')}`
        : null,
      subjectOf(Object.fromEntries(Object.entries(subject).filter(([name]) => !Object.hasOwn(shared, name)))),
      html`${witness
        .slice(0, TOLD_WITNESSES)
        .map(({ role, seq }) => `${role} ${seqText(seq, seconds)}`)
        .join(', ')}${cut(witness.length, TOLD_WITNESSES, 'witnesses')}`,
    ]);
  });
  const [first] = traces;
  const common = subjectOf(shared);
  const list = html`${table(['trace', 'about', 'witnesses'], rows)}${cut(traces.length, LISTED.traces, 'traces')}`;
  return html`${common === '' ? undefined : html`<p>All: ${common}</p>`}
${rows.length <= UNFOLDED ? list : html`<details><summary>${counted(all.length, 'occurrence')}, one by one</summary>${list}</details>`}
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
<figcaption><span class="axis-name">${timeline.seconds === undefined ? 'By number of event' : 'By seconds'}</span>; dotted lines are the witnesses${timeline.lost.length === 0 ? undefined : ', broad ones lost records'}. <span class="how">Drag it, scroll with Ctrl, or use the keys: arrows move, + and − zoom, 0 shows all, w the witnesses.</span>${cuts.map(({ name, items, of }) => cut(of, items.length, `of “${name}”, those nearest to the witnesses`))}</figcaption></figure>
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
