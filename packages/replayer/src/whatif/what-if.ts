import { BatchMemory, isRecorded, type TraceReader } from '@p2mtrace/trace-format';
import { type DesignChoice, type LockDesign, lockDesigns } from './design.js';
import { lockMemory } from './lock-memory.js';
import { notChecked, whatWasForced } from './not-checked.js';
import { noOverlay, type OverlayKind, overlayOf } from './overlay.js';
import { recordedPcpus, recordedTime } from './recorded-pcpus.js';
import { countRefusals, whyNoRefusals } from './refusals.js';
import { SECTION_COLUMNS } from './section-columns.js';
import type { SectionCounts } from './section-counts.js';
import { SectionReader } from './section-reader.js';
import type { WatchSections } from './section-run.js';
import { Simulation } from './simulation.js';
import { measuresOf, type Waits, type WhatIfRow, waitsOf } from './what-if-row.js';

/** How long a foreign or grant mapping keeps its claim. */
export const FOREIGN = ['while-built', 'while-mapped'] as const;
export type Foreign = (typeof FOREIGN)[number];

/** Most pcpus that streams are laid over each other for. */
export const MAX_PCPUS = 4096;

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
  const recorded = recordedPcpus(reader);
  const { base, ticks } = recordedTime(reader);
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
  const claimed = [...sections.claimed]
    .filter(([res]) => domain === undefined || sections.domainOf(res) === domain)
    .map(([, one]) => one);
  const rows = (sections.counts.sections > 0 ? tried : []).map(([design, simulation]) => ({
    ...design,
    ...measuresOf(simulation, pcpus, free, asRecorded),
    refused: design.discipline === 'refuse' ? refusals : null,
    memory: lockMemory(design, simulation.peakGranules, claimed, copies),
  }));
  return {
    rows,
    counts: sections.counts,
    recordedPcpus: streams.length,
    shifts: [...layout.shifts],
    recordedWaits: isRecorded(reader.metadata, 'lock_wait')
      ? { waits: sections.recordedWaits.count, ...waitsOf(sections.recordedWaits) }
      : null,
    hasClock: sections.hasClock,
    notChecked: [
      ...notChecked(reader, sections),
      ...whatWasForced(rows),
      ...(wantsRefusals && noRefusals !== undefined ? [noRefusals] : []),
    ],
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
