import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { ticksText } from '../render/ticks.js';
import type { HeatCell, LostWindow, OccupancyPoint, TicksBin } from './chart-data.js';
import { Markup } from './html.js';

/** Colours for which the style sheet of the page has a light and a dark value, in this order. */
export const COLOURS = Array.from({ length: 8 }, (_, i) => `var(--series-${i + 1})`);
const WIDTH = 1060;
const SEQ = { label: 'event', labelAnchor: 'center', tickFormat: 's' } as const;

/** Draws a plot as markup, without a browser. */
export function draw(options: Plot.PlotOptions): Markup {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const plot = Plot.plot({
    document: document as never,
    width: WIDTH,
    marginLeft: 70,
    marginRight: 20,
    marginBottom: 40,
    style: { fontSize: '12px' },
    ...options,
  });
  return new Markup((plot as unknown as { outerHTML: string }).outerHTML);
}

/** Marks where records were lost, in every chart over time. */
const lostMarks = (lost: readonly LostWindow[]) =>
  lost.length === 0 ? [] : [Plot.ruleX(lost, { x: 'seq', stroke: 'var(--bad)', strokeDasharray: '3 3' })];

/** Room for the names of panels, which are on the right. */
const roomFor = (names: Iterable<string>) => 16 + 7 * Math.max(...[...names].map(name => name.length));

export function occupancyChart(points: readonly OccupancyPoint[], lost: readonly LostWindow[]): Markup {
  const types = [...new Set(points.map(({ type }) => type))].sort();
  const domains = new Set(points.map(({ domid }) => `d${domid}`));
  return draw({
    height: 70 + 150 * domains.size,
    marginRight: roomFor(domains),
    x: SEQ,
    y: { label: '↑ frames of 4 KiB', grid: true, tickFormat: 's' },
    fy: { label: null, tickFormat: (domid: number) => `d${domid}` },
    color: { domain: types, range: COLOURS, legend: true },
    marks: [
      Plot.areaY(points, { x: 'seq', y: 'frames', fill: 'type', fy: 'domid', curve: 'step-after' }),
      ...lostMarks(lost),
      Plot.ruleY([0]),
    ],
  });
}

export function referenceHeatChart(cells: readonly HeatCell[], lost: readonly LostWindow[], events: number): Markup {
  return draw({
    height: 320,
    marginLeft: 90,
    x: { ...SEQ, domain: [0, events] },
    y: { label: '↑ mfn', tickFormat: (mfn: number) => `0x${Math.round(mfn).toString(16)}` },
    opacity: { type: 'log', range: [0.15, 1] },
    marks: [
      Plot.rect(cells, {
        x1: 'seq',
        x2: 'seqEnd',
        y1: 'mfn',
        y2: 'mfnEnd',
        fill: 'var(--heat)',
        fillOpacity: 'refs',
        title: ({ refs, mfn }: HeatCell) => `${refs} references from 0x${mfn.toString(16)} on`,
        inset: 0.3,
      }),
      ...lostMarks(lost),
    ],
  });
}

/** Histograms with doubling bins, one panel per class. `tscHz`: ticks per second, if known. */
export function ticksChart(bins: readonly TicksBin[], what: string, tscHz: number | undefined): Markup {
  const classes = new Set(bins.map(({ name }) => name));
  return draw({
    height: 70 + 75 * classes.size,
    marginRight: roomFor(classes),
    x: {
      label: tscHz === undefined ? `${what}, in TSC ticks` : what,
      labelAnchor: 'center',
      ticks: 8,
      tickFormat: (bin: number) => ticksText(2 ** bin, tscHz),
    },
    y: { label: '↑ times', ticks: 3, tickFormat: 's', grid: true },
    fy: { label: null },
    marks: [
      Plot.rectY(bins, {
        x1: 'bin',
        x2: ({ bin }: TicksBin) => bin + 1,
        y: 'spans',
        fy: 'name',
        fill: 'var(--series-1)',
        title: ({ spans, bin, name }: TicksBin) =>
          `${name}: ${spans} from ${ticksText(2 ** bin, tscHz)} to ${ticksText(2 ** (bin + 1), tscHz)}`,
        inset: 0.5,
      }),
      Plot.ruleY([0]),
    ],
  });
}
