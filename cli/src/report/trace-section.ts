import type { TraceResult } from '../audit/trace-result.js';
import { count, counted } from '../render/cell.js';
import { misfitLines } from '../render/out-of.js';
import { ticksText } from '../render/ticks.js';
import { amountText, xenText } from '../render/trace-facts.js';
import { SHOWN_CLASSES, SHOWN_DOMAINS, SHOWN_TYPES } from './chart-data.js';
import { occupancyChart, referenceHeatChart, ticksChart, timeAxis } from './charts.js';
import { html, type Markup, table } from './html.js';
import { lockGraphSvg } from './lock-graph-svg.js';
import type { TraceReport } from './trace-report.js';

/** Most rows of a table. */
const ROWS = 100;

/** What belongs to one trace and not to a finding. `id`: of the section. */
export function traceSection(result: TraceResult, report: TraceReport | undefined, id: string): Markup {
  const { path, events, lost, notices, notChecked } = result;
  return html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">Trace <span class="path">${path}</span></h2>
${report === undefined ? html`<p>${counted(events, 'event')}, ${lost === 0 ? 'no records lost' : `${counted(lost, 'record')} lost`}.</p>` : recordedTable(report)}
${[...notices, ...(report?.damage === undefined ? [] : [report.damage])].map(notice => html`<p class="notice">${notice}</p>`)}
${misfits(result)}${report === undefined ? undefined : pictures(report, events, id)}
${
  notChecked.length === 0
    ? undefined
    : html`<details><summary>${counted(notChecked.length, 'rule')} not checked</summary>${table(
        ['rule', 'why'],
        notChecked.map(({ rule, reason }) => [rule, reason]),
      )}</details>`
}
</section>`;
}

/** Most kinds, and most domains, that are named. */
const NAMED = 8;

/** What was recorded, where, and for how long. */
export function recordedTable({ facts, kinds, domains }: TraceReport): Markup {
  const sorted = Object.entries(kinds).sort((a, b) => b[1] - a[1]);
  const named = Object.entries(domains).map(([domid, name]) => `${domid} ${name}`);
  const some = (all: readonly string[], what: string) =>
    `${all.slice(0, NAMED).join(', ')}${all.length > NAMED ? ` and ${counted(all.length - NAMED, what)} more` : ''}`;
  const kindTexts = sorted.map(([kind, number]) => `${kind} ${count(number)}`);
  const rows: readonly (readonly [string, string])[] = [
    ['recorded', `${facts.source}: ${amountText(facts)}`],
    ['events', some(kindTexts, 'kind') || 'none'],
    ['Xen', `${xenText(facts)}${facts.host === null ? '' : `, on ${facts.host}`}`],
    ...(named.length === 0 ? [] : [['domains', some(named, 'domain')] as const]),
  ];
  return html`<table class="recorded">${rows.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>\n`)}</table>`;
}

/** Where the model does not fit what the trace shows. */
function misfits({ customs, divergences }: TraceResult): Markup | undefined {
  const lines = misfitLines(customs, divergences);
  if (lines.length === 0) return undefined;
  return html`<h3>Where the model does not fit</h3><ul>${lines.map(line => html`<li>${line.trim()}</li>`)}</ul>`;
}

/** A picture with its heading; `markup` is undefined if the trace lacks the events for it. */
interface Picture {
  readonly title: string;
  readonly caption: Markup;
  readonly markup: Markup | undefined;
}

function pictures(report: TraceReport, events: number, id: string): Markup {
  const all = picturesOf(report, events, id);
  const missing = all.filter(({ markup }) => markup === undefined).map(({ title }) => title);
  return html`${lostWindows(report)}
${all.map(({ title, caption, markup }) =>
  markup === undefined
    ? undefined
    : html`<figure><h3>${title}</h3><div class="scroll">${markup}</div><figcaption>${caption}</figcaption></figure>\n`,
)}
${missing.length === 0 ? undefined : html`<p class="none">No events of this trace tell: ${missing.join(', ')}.</p>`}
${graphTable(report)}${lockTable(report)}`;
}

function picturesOf(report: TraceReport, events: number, id: string): Picture[] {
  const { occupancy, heat, holds, waits, lost, tscHz, graph } = report;
  const time = timeAxis(report.seconds);
  return [
    {
      title: 'p2m occupancy',
      caption: html`Frames by p2m type, host view. At most ${SHOWN_DOMAINS} domains and ${SHOWN_TYPES} types are told apart.`,
      markup: occupancy.length === 0 ? undefined : occupancyChart(occupancy, lost, time),
    },
    {
      title: 'References taken',
      caption: html`How many get_page there were on those machine frames then: the fuller the colour, the more (logarithmic).`,
      markup: heat.length === 0 ? undefined : referenceHeatChart(heat, lost, events, time),
    },
    {
      title: 'Lock order',
      caption: graphCaption(report),
      markup: graph.edges.length === 0 ? undefined : lockGraphSvg(graph.edges, `${id}-graph`),
    },
    {
      title: 'How long locks were held',
      caption: html`The ${SHOWN_CLASSES} classes taken most often; each bar stands for twice as long as the one before it.`,
      markup: holds.length === 0 ? undefined : ticksChart(holds, 'held for', tscHz),
    },
    {
      title: 'How long locks were waited for',
      caption: html`From lock_wait to lock_acquire; the ${SHOWN_CLASSES} classes waited for most often.`,
      markup: waits.length === 0 ? undefined : ticksChart(waits, 'waited for', tscHz),
    },
  ];
}

function lostWindows({ lost, tscHz }: TraceReport): Markup | undefined {
  if (lost.length === 0) return undefined;
  return html`<h3>Lost records</h3><p>What happened in these windows is unknown. On the charts they are dashed lines.</p>
${table(
  ['before event', 'pcpu', 'records', tscHz === undefined ? 'ticks' : 'for'],
  lost
    .slice(0, ROWS)
    .map(({ seq, pcpu, records, ticks }) => [
      `#${seq}`,
      pcpu,
      records,
      ticks === null ? null : ticksText(ticks, tscHz),
    ]),
)}${cut(lost.length, ROWS, 'windows')}`;
}

function graphCaption({ graph: { edges, of } }: TraceReport): Markup {
  const bad = edges.filter(edge => edge.bad.length > 0).length;
  return html`An arrow goes from the lock that was held to the one that was taken, with how often. ${
    bad === 0 ? 'Nothing is wrong with any.' : `${counted(bad, 'bad edge')}: dashed, with ✗.`
  }${cut(of, edges.length, 'edges, the bad and then the most frequent ones')}`;
}

function graphTable({ graph: { edges } }: TraceReport): Markup | undefined {
  if (edges.length === 0) return undefined;
  return html`<details><summary>Lock order as a table</summary>${table(
    ['held', 'acquired', 'times', 'first', 'what is wrong'],
    edges.map(({ held, acquired, count, firstSeq, bad }) => [held, acquired, count, `#${firstSeq}`, bad.join(', ')]),
  )}</details>`;
}

function lockTable({ lockStat, tscHz }: TraceReport): Markup | undefined {
  if (lockStat.length === 0) return undefined;
  const time = (ticks: number | null) => (ticks === null ? null : ticksText(ticks, tscHz));
  return html`<details><summary>Lock statistics</summary>${table(
    ['class', 'mode', 'taken', 'contended', 'longest wait', 'held on average', 'longest hold'],
    lockStat
      .slice(0, ROWS)
      .map(row => [
        row.name,
        row.mode,
        row.acquisitions,
        row.contentions ?? 'not recorded',
        time(row.waitMax),
        time(row.holdAvg),
        time(row.holdMax),
      ]),
  )}${cut(lockStat.length, ROWS, 'classes')}</details>`;
}

/** Says that not everything is shown. */
export function cut(all: number, shown: number, what: string): Markup | undefined {
  return all > shown
    ? html` <span class="cut">Shown: ${shown} of ${all.toLocaleString('en-US')} ${what}.</span>`
    : undefined;
}
