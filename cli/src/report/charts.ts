import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { ticksText } from '../render/ticks.js';
import type { HeatCell, LostWindow, OccupancyPoint, TicksBin } from './chart-data.js';
import { Markup } from './html.js';

/** Colours for which the style sheet of the page has a light and a dark value, in this order. */
export const COLOURS = Array.from({ length: 8 }, (_, i) => `var(--series-${i + 1})`);
const WIDTH = 1060;
/** The axis of time: seconds where they are known, else events. */
export interface Time {
  readonly at: (seq: number) => number;
  readonly axis: { readonly label: string; readonly labelAnchor: 'center'; readonly tickFormat?: string };
}

/** `seconds`: of every seq that is drawn, or of none. */
export function timeAxis(seconds: ReadonlyMap<number, number>): Time {
  const known = [...seconds].sort(([a], [b]) => a - b);
  if (known.length < 2) return { at: seq => seq, axis: { label: 'event', labelAnchor: 'center', tickFormat: 's' } };
  /** Between two that are known, as far along as the event is. */
  const at = (seq: number): number => {
    const exact = seconds.get(seq);
    if (exact !== undefined) return exact;
    const next = known.findIndex(([one]) => one > seq);
    if (next <= 0) return (next === 0 ? known[0] : known[known.length - 1])[1];
    const [[from, low], [to, high]] = [known[next - 1], known[next]];
    return low + ((high - low) * (seq - from)) / (to - from);
  };
  return { at, axis: { label: 'seconds', labelAnchor: 'center' } };
}

/** p2m types by their colour, which is the same in every report; the others share what is left. */
const TYPE_COLOURS: Readonly<Record<string, number>> = {
  ram_rw: 0,
  populate_on_demand: 1,
  ram_shared: 2,
  ram_ro: 3,
  ram_logdirty: 4,
  mmio_direct: 5,
  ram_paged: 6,
};

const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
/** 0, 32, 1K, 1.5M: each tick by itself, as those of one axis may be decades apart. */
const countText = (count: number): string => COMPACT.format(count);

/** Ticks at whole numbers only. */
function wholeTicks(most: number): number[] | number {
  return most < 5 ? Array.from({ length: Math.max(1, most) + 1 }, (_, i) => i) : 4;
}

/** Ticks of frames at round hex numbers. */
export function hexTicks(low: number, high: number, wanted = 6): number[] {
  const step = 2 ** Math.max(0, Math.ceil(Math.log2(Math.max(1, high - low) / wanted)));
  const first = Math.ceil(low / step) * step;
  return Array.from({ length: Math.max(0, Math.floor((high - first) / step) + 1) }, (_, i) => first + i * step);
}

const domainName = (domid: number): string =>
  ({ 32753: 'dom_io', 32754: 'dom_xen', 32755: 'dom_cow', 32767: 'dom_idle' })[domid] ?? `d${domid}`;

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
const lostMarks = (lost: readonly LostWindow[], { at }: Time) =>
  lost.length === 0
    ? []
    : [Plot.ruleX(lost, { x: ({ seq }: LostWindow) => at(seq), stroke: 'var(--bad)', strokeDasharray: '3 3' })];

/** Room for the names of panels, which are on the right. */
const roomFor = (names: Iterable<string>) => 16 + 7 * Math.max(...[...names].map(name => name.length));

export function occupancyChart(points: readonly OccupancyPoint[], lost: readonly LostWindow[], time: Time): Markup {
  const types = [...new Set(points.map(({ type }) => type))].sort();
  const domains = new Set(points.map(({ domid }) => domainName(domid)));
  const free = COLOURS.filter((_, i) => !types.some(type => TYPE_COLOURS[type] === i));
  const range = types.map(type => COLOURS[TYPE_COLOURS[type] ?? -1] ?? free.shift() ?? COLOURS[7]);
  const most = Math.max(...points.map(({ frames }) => frames));
  return draw({
    height: 70 + 150 * domains.size,
    marginRight: roomFor(domains),
    x: time.axis,
    y: { label: '↑ frames of 4 KiB', grid: true, tickFormat: countText, ticks: wholeTicks(most) },
    fy: { label: null, tickFormat: domainName },
    color: { domain: types, range, legend: true },
    marks: [
      Plot.areaY(points, {
        x: ({ seq }: OccupancyPoint) => time.at(seq),
        y: 'frames',
        fill: 'type',
        fy: 'domid',
        curve: 'step-after',
      }),
      ...lostMarks(lost, time),
      Plot.ruleY([0]),
    ],
  });
}

export function referenceHeatChart(
  cells: readonly HeatCell[],
  lost: readonly LostWindow[],
  events: number,
  time: Time,
): Markup {
  const [low, high] = [Math.min(...cells.map(({ mfn }) => mfn)), Math.max(...cells.map(({ mfnEnd }) => mfnEnd))];
  return draw({
    height: 320,
    marginLeft: 90,
    x: { ...time.axis, domain: [time.at(0), time.at(Math.max(1, events - 1))] },
    y: { label: '↑ mfn', ticks: hexTicks(low, high), tickFormat: (mfn: number) => `0x${Math.round(mfn).toString(16)}` },
    opacity: { type: 'log', range: [0.15, 1] },
    marks: [
      Plot.rect(cells, {
        x1: ({ seq }: HeatCell) => time.at(seq),
        x2: ({ seqEnd }: HeatCell) => time.at(Math.min(seqEnd, Math.max(1, events - 1))),
        y1: 'mfn',
        y2: 'mfnEnd',
        fill: 'var(--heat)',
        fillOpacity: 'refs',
        title: ({ refs, mfn }: HeatCell) => `${refs} references from 0x${mfn.toString(16)} on`,
        inset: 0.3,
      }),
      ...lostMarks(lost, time),
    ],
  });
}

/** Histograms with doubling bins, one panel per class. `tscHz`: ticks per second, if known. */
export function ticksChart(bins: readonly TicksBin[], what: string, tscHz: number | undefined): Markup {
  const classes = new Set(bins.map(({ name }) => name));
  const counts = bins.map(({ spans }) => spans);
  // Where some bars are a hundred times as high as others, these would not be seen.
  const scale = Math.max(...counts) >= 100 * Math.min(...counts) ? ({ type: 'symlog', constant: 1 } as const) : {};
  const most = 10 ** Math.floor(Math.log10(Math.max(1, ...counts)));
  const ticks = scale.type === undefined ? wholeTicks(Math.max(...counts)) : [0, Math.round(Math.sqrt(most)), most];
  return draw({
    height: 70 + 75 * classes.size,
    marginRight: roomFor(classes),
    x: {
      label: tscHz === undefined ? `${what}, in TSC ticks` : what,
      labelAnchor: 'center',
      ticks: 8,
      tickFormat: (bin: number) => ticksText(2 ** bin, tscHz),
    },
    y: { ...scale, label: '↑ times', ticks, tickFormat: countText, grid: true },
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
