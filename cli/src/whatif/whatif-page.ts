import { count, counted } from '../render/cell.js';
import { ticksText } from '../render/ticks.js';
import { html, type Markup, table } from '../report/html.js';
import { page } from '../report/page.js';
import { version } from '../version.js';
import { designName } from './design-name.js';
import { granularityChart, type MakespanPoint, makespanChart, momentChart, waitsChart } from './whatif-charts.js';
import type { WhatIfDocument } from './whatif-document.js';
import { TABLE_COLUMNS, tableRows } from './whatif-table.js';
import { recordedWaitsText } from './whatif-text.js';
import type { MomentLane, WorstSection } from './worst-moment.js';

/** What the page shows besides the document. */
export interface WhatIfExtras {
  readonly makespans: readonly MakespanPoint[];
  readonly worst: WorstSection | undefined;
  readonly moment: readonly MomentLane[];
}

/** The page of `whatif --report`. */
export function whatIfPage(document: WhatIfDocument, { makespans, worst, moment }: WhatIfExtras): string {
  const { trace, rows, recorded, options, notChecked } = document;
  const hz = document.hz ?? undefined;
  const figure = (title: string, markup: Markup | undefined, caption: Markup | string) =>
    markup === undefined
      ? undefined
      : html`<figure><h3>${title}</h3><div class="scroll">${markup}</div><figcaption>${caption}</figcaption></figure>`;
  const body = html`<h1>Locks that might have been</h1>
<p class="path">${trace}</p>
<p>${counted(recorded.sections, 'critical section')} of ${counted(recorded.pcpus, 'recorded pcpu')}, replayed on ${options.pcpus}${
    options.pcpus === recorded.pcpus
      ? ''
      : `, ${options.overlay === 'same' ? 'all on the same gfns' : 'each copy on its own regions of 2 MiB'} (seed ${options.seed})`
  }. ${count(recorded.writing)} of them write; ${recordedWaitsText(document)}.</p>
<section aria-labelledby="designs"><h2 id="designs">Designs</h2>
${
  rows.length === 0
    ? html`<p class="none">No critical sections.</p>`
    : table(
        TABLE_COLUMNS.map(({ name }) => name),
        tableRows(document),
      )
}
</section>
<section aria-labelledby="charts"><h2 id="charts">Charts</h2>
${figure('Waits by discipline', waitsChart(rows, hz), 'Of the sections that waited, on a logarithmic scale. A design without a line waited for nothing.')}
${figure('Makespan against pcpus', makespans.length === 0 ? undefined : makespanChart(makespans, hz), 'The recorded streams laid over each other; until the last lock is given back.')}
${figure('Granularity against lost parallelism', granularityChart(rows), 'Sections at work at once, against no p2m lock at all. Below 0 is luck: another order of the same work.')}
${worst === undefined ? undefined : figure('The worst moment', moment.length === 0 ? undefined : momentChart(moment, hz), `Around the section of #${worst.seq}, which waited ${ticksText(worst.wait, hz)} under ${worst.name}. Each section is drawn with all that it waited first.`)}
</section>
<section aria-labelledby="blame"><h2 id="blame">Who waited for whom</h2>
${rows
  .filter(({ blame }) => blame.length > 0)
  .map(
    row =>
      html`<details><summary>${designName(row)}</summary>${table(
        ['waiter', 'holder', 'waits', 'ticks'],
        row.blame.map(({ holder, waiter, waits, ticks }) => [waiter ?? 'unknown', holder ?? 'unknown', waits, ticks]),
      )}</details>`,
  )}</section>
${notChecked.length === 0 ? undefined : html`<section aria-labelledby="unknown"><h2 id="unknown">Not checked</h2><ul>${notChecked.map(what => html`<li>${what}</li>`)}</ul></section>`}
<footer>p2mtrace ${version()}</footer>`;
  const links = [
    ['designs', 'Designs'],
    ['charts', 'Charts'],
    ['blame', 'Who waited for whom'],
  ] as const;
  return page('p2mtrace whatif', links, body);
}
