import { BatchMemory, isRecorded, isValid, type TraceReader } from '@p2mtrace/trace-format';
import type { BlamedPair } from './blame.js';
import type { Deadlock } from './deadlock.js';
import { type DesignChoice, type Granularity, type LockDesign, lockDesigns } from './design.js';
import { noOverlay, type OverlayKind, overlayOf } from './overlay.js';
import { countRefusals, type Refusals, whyNoRefusals } from './refusals.js';
import { SECTION_COLUMNS } from './section-columns.js';
import type { SectionCounts } from './section-counts.js';
import { SectionReader } from './section-reader.js';
import type { WatchSections } from './section-run.js';
import { Simulation } from './simulation.js';

/** How long a foreign or grant mapping keeps its claim. */
export const FOREIGN = ['while-built', 'while-mapped'] as const;
export type Foreign = (typeof FOREIGN)[number];

/** Bytes of one lock: a spinlock with its owner and depth of recursion, padded to 16. */
export const LOCK_BYTES = 16;
/** Most pcpus that streams are laid over each other for. */
export const MAX_PCPUS = 4096;
const BLAMED = 10;

export interface WhatIfOptions extends DesignChoice {
  /** `while-built` by default: page references keep the frame afterwards. */
  readonly foreign?: Foreign | undefined;
  /** Pcpus of the experiment; those of the trace by default. */
  readonly pcpus?: number | undefined;
  /** What the copies' shifts are drawn from; 1 by default. */
  readonly seed?: number | undefined;
  readonly overlay?: OverlayKind | undefined;
  /** Only p2ms of this domain; others stay as recorded. */
  readonly domain?: number | undefined;
  /** False: nobody asks for what `refuse` would refuse, which takes a replay of its own. */
  readonly refusals?: boolean | undefined;
  /** Called with the number of events done. */
  readonly onProgress?: ((events: number) => void) | undefined;
  /** Told of each section of each design as it ends. */
  readonly watch?: ((design: LockDesign) => WatchSections | undefined) | undefined;
}

/** Waits in ticks; of sections that waited at all. */
export interface Waits {
  readonly total: number;
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

/** Locks that a design needs, and what they take. */
export interface LockMemory {
  readonly lockBytes: number;
  /** Granules claimed at once, at most; claimed at all; and all up to the highest gfn. */
  readonly peak: number;
  readonly ever: number;
  readonly preallocated: number;
}

/** What one design would have cost. Times are ticks. */
export interface WhatIfRow extends LockDesign {
  readonly pcpus: number;
  readonly sections: number;
  readonly waited: number;
  readonly wait: Waits;
  /** Waits for locks of other classes, which shift with the rest. */
  readonly otherWait: number;
  readonly makespan: number;
  /** To that of `recorded`. */
  readonly ratio: number;
  readonly parallelism: { readonly mean: number; readonly peak: number; readonly lost: number };
  readonly upgrades: number;
  /** Null where it was not tried, or can't be known. */
  readonly refused: Refusals | null;
  readonly deadlocks: number;
  /** The first of them. */
  readonly told: readonly Deadlock[];
  /** Waits for what a foreign or grant mapping kept, and claims of mappings that had to be broken. */
  readonly foreign: Waits & { readonly waits: number; readonly broken: number };
  readonly memory: LockMemory;
  readonly blame: readonly BlamedPair[];
}

export interface WhatIf {
  readonly rows: readonly WhatIfRow[];
  readonly counts: SectionCounts;
  /** Pcpus that recorded something. */
  readonly recordedPcpus: number;
  /** Ticks by which each copy is late. */
  readonly shifts: readonly number[];
  /** What was waited for p2m locks, from lock_wait to lock_acquire; null where no lock_wait was recorded. */
  readonly recordedWaits: (Waits & { readonly waits: number }) | null;
  /** False if no event has a TSC: then each event counts as a tick. */
  readonly hasClock: boolean;
  readonly notChecked: readonly string[];
  /** Text of a call site. */
  readonly siteName: (site: number) => string | undefined;
  /** Class and address of a lock, and the domain whose p2m it protects. */
  readonly resourceName: (resource: number) => string;
}

/**
 * Replays the recorded critical sections under other lock designs (docs/lock-design.md). One pass over the trace, in which
 * all designs go on side by side; another one for `refuse`.
 * @throws P2mError P2M_DAMAGED
 */
export function whatIf(reader: TraceReader, options: WhatIfOptions = {}): WhatIf {
  const { foreign = 'while-built', seed = 1, overlay = 'same', domain, onProgress } = options;
  const designs = lockDesigns(options);
  const recorded = pcpusOf(reader);
  const { base, ticks } = clockOf(reader);
  const sections = new SectionReader(reader, recorded, base, domain, foreign === 'while-mapped');
  const { streams } = sections;
  const pcpus = options.pcpus ?? streams.length;
  const layout =
    options.pcpus === undefined ? noOverlay(streams.length) : overlayOf(pcpus, streams.length, overlay, seed, ticks);

  const simulations = new Map<string, Simulation>();
  const simulate = (design: LockDesign) => {
    const key = keyOf(design);
    let simulation = simulations.get(key);
    if (simulation === undefined) {
      const keepsMappings = foreign === 'while-mapped';
      const watch = options.watch?.(design);
      simulation = new Simulation({ design, streams, overlay: layout, keepsMappings, watch });
      simulations.set(key, simulation);
    }
    return simulation;
  };
  const { fairness = 'fifo' } = options;
  const free = simulate({ discipline: 'refuse', granularity: null, upgrade: null, fairness });
  const asRecorded = simulate({ discipline: 'recorded', granularity: null, upgrade: null, fairness });
  const tried = designs.map(design => [design, simulate(design)] as const);

  const all = [...simulations.values()];
  const advance = () => {
    for (const simulation of all) simulation.run();
    for (const [i, stream] of streams.entries()) stream.drop(Math.min(...all.map(one => one.needed(i))));
  };
  const memory = new BatchMemory();
  if (streams.length > 0) {
    for (const info of reader.batches) {
      sections.read(reader.read(info, SECTION_COLUMNS, memory));
      advance();
      onProgress?.(info.firstSeq + info.rows);
    }
    sections.finish();
    advance();
  }

  const wantsRefusals = options.refusals !== false && designs.some(({ discipline }) => discipline === 'refuse');
  const noRefusals = whyNoRefusals(reader);
  const refusals = wantsRefusals && noRefusals === undefined ? countRefusals(reader, domain) : null;
  const copies = overlay === 'spread' ? layout.shifts.length : 1;
  const hasSections = sections.counts.sections > 0;
  return {
    rows: hasSections
      ? tried.map(([design, simulation]) => ({
          ...design,
          ...rowOf(simulation, pcpus, free, asRecorded),
          refused: design.discipline === 'refuse' ? refusals : null,
          memory: memoryOf(design, simulation, sections, domain, copies),
        }))
      : [],
    counts: sections.counts,
    recordedPcpus: streams.length,
    shifts: [...layout.shifts],
    recordedWaits: isRecorded(reader.metadata, 'lock_wait')
      ? { waits: sections.recordedWaits.count, ...waitsOf(sections.recordedWaits) }
      : null,
    hasClock: sections.hasClock,
    notChecked: [...notChecked(reader, sections), ...(wantsRefusals && noRefusals !== undefined ? [noRefusals] : [])],
    siteName: site => sections.siteName(site),
    resourceName: resource => sections.resourceName(resource),
  };
}

/** Two designs with the same key are the same experiment: `all` has one granule, as a lock of the whole p2m. */
function keyOf({ discipline, granularity, upgrade }: LockDesign): string {
  const whole = granularity === 'all';
  const name = whole && discipline === 'range-exclusive' ? 'exclusive' : whole ? 'rwlock' : discipline;
  return `${name} ${whole ? '' : (granularity ?? '')} ${upgrade ?? ''}`;
}

function rowOf(simulation: Simulation, pcpus: number, free: Simulation, recorded: Simulation) {
  const { waits, mappingWaits, meter, told, deadlocks, upgrades, otherWait, makespan, sections, blame, broken } =
    simulation.tally;
  return {
    pcpus,
    sections,
    waited: waits.count,
    wait: waitsOf(waits),
    otherWait,
    makespan,
    ratio: recorded.tally.makespan === 0 ? 1 : makespan / recorded.tally.makespan,
    parallelism: {
      mean: meter.mean,
      peak: meter.peak,
      lost: free.tally.meter.mean === 0 ? 0 : 1 - meter.mean / free.tally.meter.mean,
    },
    upgrades,
    deadlocks,
    told,
    foreign: { waits: mappingWaits.count, ...waitsOf(mappingWaits), broken },
    blame: blame.worst(BLAMED),
  };
}

type Percentiles = { readonly total: number; readonly max: number; percentile(part: number): number };
const waitsOf = (waits: Percentiles): Waits => ({
  total: waits.total,
  median: waits.percentile(0.5),
  p99: waits.percentile(0.99),
  max: waits.max,
});

const FRAMES: Readonly<Record<Granularity, number>> = {
  '4k': 1,
  '2m': 512,
  '1g': 262_144,
  all: Number.POSITIVE_INFINITY,
};

function memoryOf(
  { discipline, granularity }: LockDesign,
  simulation: Simulation,
  sections: SectionReader,
  domain: number | undefined,
  copies: number,
): LockMemory {
  if (discipline === 'refuse') return { lockBytes: LOCK_BYTES, peak: 0, ever: 0, preallocated: 0 };
  const p2ms = [...sections.claimed].filter(([res]) => domain === undefined || sections.domainOf(res) === domain);
  if (granularity === null || granularity === 'all') {
    const peak = discipline === 'recorded' ? p2ms.length : simulation.peakGranules;
    return { lockBytes: LOCK_BYTES, peak, ever: p2ms.length, preallocated: p2ms.length };
  }
  let ever = 0;
  let preallocated = 0;
  for (const [, { small, large, huge, highest }] of p2ms) {
    ever += (granularity === '4k' ? small : granularity === '2m' ? large : huge).size * copies;
    preallocated += Math.ceil((highest + 1) / FRAMES[granularity]) * copies;
  }
  return { lockBytes: LOCK_BYTES, peak: simulation.peakGranules, ever, preallocated };
}

function notChecked({ metadata }: TraceReader, { counts, hasClock, recordedWaits }: SectionReader): string[] {
  const has = (kind: string) => isRecorded(metadata, kind);
  const said: string[] = [];
  if (counts.sections === 0) said.push('no critical sections: neither p2m locks nor locked lookups were recorded');
  if (!hasClock) said.push('times: no event has a TSC, so that each event counts as one tick');
  else if (metadata.health?.order.confidence === 'approximate') said.push('times: few events have a TSC of their own');
  if (counts.sections > 0 && !has('lock_wait')) {
    said.push('recorded waits: no lock_wait events, so that what was waited counts as work before the lock');
  }
  if (counts.sections > 0 && !has('lock_acquire')) said.push('recorded locks: no lock_acquire events');
  if (counts.sections > 0 && !has('set_entry'))
    said.push('writers: no set_entry events, so that a lock for writing means a writer');
  if (!has('lookup') && counts.sections > 0)
    said.push('ranges: no lookup events; sections that write nothing claim all of the p2m');
  if (counts.withoutRange > 0)
    said.push(`ranges: ${counts.withoutRange} sections name no gfn and claim all of their p2m`);
  if (counts.cut > 0) said.push(`sections: ${counts.cut} were cut by a loss or the end of the trace`);
  if (counts.long > 0)
    said.push(`sections: ${counts.long} were too long to know how they end when they had to be judged`);
  if (counts.unexplained > 0) said.push(`recorded waits: ${counts.unexplained} have no recorded holder`);
  if (counts.overlaps > 0)
    said.push(`recorded locks: ${counts.overlaps} were taken before their holder's release is recorded`);
  if (recordedWaits.count === 0 && has('lock_wait')) said.push('recorded waits: none for a p2m lock');
  if (!has('grant_map') && !has('foreign_map')) said.push('foreign: no foreign or grant mappings were recorded');
  else if (counts.unknownMappings > 0) said.push(`foreign: the gfn of ${counts.unknownMappings} mappings is not known`);
  return said;
}

/** Pcpus with events, -1 for those of none, in order. */
function pcpusOf(reader: TraceReader): number[] {
  const found = new Set<number>();
  const memory = new BatchMemory();
  for (const info of reader.batches) {
    const { columns, validity, rows } = reader.read(info, ['pcpu'], memory);
    for (let row = 0; row < rows; row++) {
      const pcpu = isValid(validity.pcpu, row) ? columns.pcpu[row] : -1;
      if (!found.has(pcpu)) found.add(pcpu);
    }
  }
  return [...found].sort((a, b) => a - b);
}

/** First TSC, if there is any, and the ticks from there to the last. */
function clockOf({ batches }: TraceReader): { base: bigint | undefined; ticks: number } {
  const first = batches.find(({ firstTsc }) => firstTsc !== undefined)?.firstTsc;
  const last = batches.findLast(({ lastTsc }) => lastTsc !== undefined)?.lastTsc;
  if (first === undefined || last === undefined) {
    return { base: undefined, ticks: batches.reduce((sum, { rows }) => sum + rows, 0) };
  }
  return { base: first, ticks: Number(last - first) };
}
