import { asset } from '../assets.js';
import { counted } from '../render/cell.js';
import { sparkline } from '../render/sparkline.js';
import { html, type Markup, scriptJson, table } from './html.js';
import { page } from './page.js';

/** A finding of a fleet, in the nights that are shown. */
export interface FleetFinding {
  readonly id: string;
  readonly rule: string;
  readonly severity: string;
  readonly title: string;
  readonly traces: number;
  readonly versions: readonly string[];
  /** Nights in which it was first and last seen. */
  readonly since: string;
  readonly until: string;
  /** Hosts that have it, and those on which it is new. */
  readonly hosts: readonly string[];
  readonly fresh: readonly string[];
  /** Traces with it, night by night. */
  readonly trend: readonly number[];
}

/** A part of the page that is a table as it is. */
export interface FleetTable {
  readonly title: string;
  readonly names: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

const HEADS = [
  'finding',
  'severity',
  'rule',
  'id',
  'traces',
  'hosts',
  'new on',
  'Xen',
  'first seen',
  'last seen',
  'trend',
];

/**
 * A page in which findings are chosen by words, severity, rule and host. Its script draws those that are looked at, so that
 * thousands of findings are no more than their text.
 */
export function fleetPage(findings: readonly FleetFinding[], tables: readonly FleetTable[]): string {
  const hosts = [...new Set(findings.flatMap(finding => finding.hosts))].sort();
  const rules = [...new Set(findings.map(({ rule }) => rule))].sort();
  const index = new Map(hosts.map((host, i) => [host, i]));
  const numbers = (names: readonly string[]) => names.map(name => index.get(name));
  const rows = findings.map(one => ({
    ...one,
    hosts: numbers(one.hosts),
    fresh: numbers(one.fresh),
    trend: sparkline(one.trend),
  }));
  const said = `${counted(findings.length, 'finding')} on ${counted(hosts.length, 'host')}`;
  const body = html`<section class="verdict ${findings.length === 0 ? 'fine' : 'warning'}"><h1>${said}</h1></section>
<section id="findings"><h2>Findings</h2>
<form class="search" role="search"><label>Search <input type="search" name="text" placeholder="words of rule, title or id"></label>
${choice('severity', ['error', 'warning', 'note'])}${choice('rule', rules)}${choice('host', hosts)}
<label><input type="checkbox" name="fresh"> new on a host</label> <output aria-live="polite"></output></form>
<div class="scroll"><table><thead><tr>${HEADS.map(head => html`<th scope="col">${head}</th>`)}</tr></thead><tbody></tbody></table></div>
<p><button type="button" hidden>Show more</button></p>
<noscript><p>This list needs its script; p2mtrace trend --dataset prints it as a table.</p></noscript>
<script type="application/json" id="fleet">${scriptJson({ hosts, findings: rows })}</script></section>
${tables.map(section)}`;
  const links = [['findings', 'Findings'] as const, ...tables.map(({ title }) => [title, capitalized(title)] as const)];
  return page(said, links, body, [asset('fleet.js')]);
}

const capitalized = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

const choice = (name: string, values: readonly string[]): Markup =>
  html`<label>${name} <select name="${name}"><option value="">all</option>${values.map(value => html`<option>${value}</option>`)}</select></label>\n`;

function section({ title, names, rows }: FleetTable): Markup {
  const trend = names.indexOf('trend');
  const cell = (value: unknown, i: number) => {
    if (i === trend) return sparkline(value as (number | null)[]);
    return typeof value === 'number' ? value : value === null ? 'unknown' : String(value);
  };
  return html`<section id="${title}"><h2>${capitalized(title)}</h2>${table(
    names,
    rows.map(row => row.map(cell)),
  )}</section>`;
}
