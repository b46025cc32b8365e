import * as Plot from '@observablehq/plot';
import { GRANULARITIES } from '@p2mtrace/replayer';
import { ticksText } from '../render/ticks.js';
import { COLOURS, draw } from '../report/charts.js';
import type { Markup } from '../report/html.js';
import { designName } from './design-name.js';
import type { WhatIfDocumentRow } from './whatif-document.js';
import type { MomentLane } from './worst-moment.js';

/** Median, 99th percentile and longest wait of each design that waited; undefined if none did. */
export function waitsChart(rows: readonly WhatIfDocumentRow[], hz: number | undefined): Markup | undefined {
  // A scale of powers has no place for less than a tick.
  const shown = (ticks: number) => Math.max(1, ticks);
  const data = rows.flatMap(row => {
    const { median, p99, max } = row.wait;
    if (median === null || p99 === null || max === null) return [];
    return [{ name: designName(row), low: shown(median), p99: shown(p99), max: shown(max) }];
  });
  if (data.length === 0) return undefined;
  const points = data.flatMap(({ name, low, p99, max }) => [
    { name, ticks: low, what: 'median' },
    { name, ticks: p99, what: '99th percentile' },
    { name, ticks: max, what: 'longest' },
  ]);
  return draw({
    height: 60 + 24 * data.length,
    marginLeft: 190,
    x: {
      type: 'log',
      label: 'waited',
      labelAnchor: 'center',
      ticks: 6,
      tickFormat: (t: number) => ticksText(t, hz),
      grid: true,
    },
    y: { label: null, domain: data.map(({ name }) => name) },
    color: { domain: ['median', '99th percentile', 'longest'], range: COLOURS, legend: true },
    marks: [
      Plot.ruleY(data, { x1: 'low', x2: 'max', y: 'name', stroke: 'var(--soft)' }),
      Plot.dot(points, {
        x: 'ticks',
        y: 'name',
        fill: 'what',
        r: 5,
        title: ({ name, ticks, what }: (typeof points)[number]) => `${name}: ${what} ${ticksText(ticks, hz)}`,
      }),
    ],
  });
}

/** How long all of it takes with so many pcpus. */
export interface MakespanPoint {
  readonly name: string;
  readonly pcpus: number;
  readonly makespan: number;
}

export function makespanChart(points: readonly MakespanPoint[], hz: number | undefined): Markup {
  const names = [...new Set(points.map(({ name }) => name))];
  return draw({
    height: 420,
    marginLeft: 90,
    x: {
      type: 'log',
      base: 2,
      label: 'pcpus',
      labelAnchor: 'center',
      tickFormat: (n: number) => String(Math.round(n)),
    },
    y: { label: '↑ makespan', grid: true, tickFormat: (t: number) => ticksText(t, hz) },
    color: { domain: names, range: COLOURS, legend: true },
    marks: [
      Plot.line(points, { x: 'pcpus', y: 'makespan', stroke: 'name', z: 'name' }),
      Plot.dot(points, {
        x: 'pcpus',
        y: 'makespan',
        fill: 'name',
        title: ({ name, pcpus, makespan }: MakespanPoint) => `${name}, ${pcpus} pcpus: ${ticksText(makespan, hz)}`,
      }),
    ],
  });
}

/** What each granularity loses of the parallelism that there is without locks; undefined without range disciplines. */
export function granularityChart(rows: readonly WhatIfDocumentRow[]): Markup | undefined {
  const points = rows
    .filter(({ granularity }) => granularity !== null)
    .map(row => ({
      granularity: row.granularity,
      lost: 100 * row.parallelism.lost,
      name: designName({ ...row, granularity: null }),
    }));
  if (points.length === 0) return undefined;
  return draw({
    height: 320,
    x: { type: 'point', domain: GRANULARITIES, label: 'granularity', labelAnchor: 'center' },
    y: { label: '↑ parallelism lost, %', grid: true, zero: true },
    color: { domain: [...new Set(points.map(({ name }) => name))], range: COLOURS, legend: true },
    marks: [
      Plot.line(points, { x: 'granularity', y: 'lost', stroke: 'name', z: 'name' }),
      Plot.dot(points, {
        x: 'granularity',
        y: 'lost',
        fill: 'name',
        title: ({ name, granularity, lost }: (typeof points)[number]) => `${name} ${granularity}: ${lost.toFixed(2)} %`,
      }),
      Plot.ruleY([0]),
    ],
  });
}

/** Sections by pcpu, one panel a design, each beginning with the first of them. */
export function momentChart(lanes: readonly MomentLane[], hz: number | undefined): Markup {
  const bars = lanes.flatMap(({ name, runs }) => {
    const start = Math.min(...runs.map(({ begin }) => begin));
    return runs.flatMap(({ pcpu, seq, begin, end, wait, writes }) => {
      const from = begin - start;
      const middle = Math.min(end - start, from + wait);
      const title = `${name}, pcpu ${pcpu}, section of #${seq}${writes ? ', writes' : ''}: waits ${ticksText(wait, hz)}, works ${ticksText(end - start - middle, hz)}`;
      return [
        { name, pcpu: `pcpu ${pcpu}`, from, to: middle, what: 'waits', title },
        { name, pcpu: `pcpu ${pcpu}`, from: middle, to: end - start, what: writes ? 'writes' : 'reads', title },
      ].filter(({ from, to }) => to > from);
    });
  });
  const pcpus = new Set(bars.map(({ pcpu }) => pcpu));
  return draw({
    height: 70 + lanes.length * (20 + 16 * pcpus.size),
    marginLeft: 70,
    marginRight: 190,
    x: { label: 'time', labelAnchor: 'center', ticks: 8, tickFormat: (t: number) => ticksText(t, hz) },
    y: { label: null },
    fy: { label: null, domain: lanes.map(({ name }) => name) },
    color: {
      domain: ['waits', 'reads', 'writes'],
      range: ['var(--bad)', 'var(--series-1)', 'var(--series-2)'],
      legend: true,
    },
    marks: [
      Plot.barX(bars, {
        x1: 'from',
        x2: 'to',
        y: 'pcpu',
        fy: 'name',
        fill: 'what',
        title: 'title',
        insetTop: 1,
        insetBottom: 1,
      }),
    ],
  });
}
