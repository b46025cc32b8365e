import { isRecorded, type TraceReader } from '@p2mtrace/trace-format';
import { type DesignChoice, type LockDesign, lockDesigns } from './design.js';
import { type Conditions, type Experiments, type Onlookers, runExperiments } from './experiments.js';
import { lockMemory } from './lock-memory.js';
import { notChecked, whatWasForced } from './not-checked.js';
import { type Outcome, type Waits, waitsOf } from './outcome.js';
import { countRefusals, whyNoRefusals } from './refusals.js';
import type { SectionCounts } from './section-counts.js';
import { measuresOf, type WhatIfRow } from './what-if-row.js';

/** Most pcpus that streams are laid over each other for. */
export const MAX_PCPUS = 4096;

export interface WhatIfOptions extends DesignChoice, Conditions, Onlookers {
  /** False: nobody asks for what `refuse` would refuse, which takes a replay of its own. */
  readonly refusals?: boolean | undefined;
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
  const needed = neededExperiments(options);
  const experiments = runExperiments(reader, [...needed.values()], options, options);
  const outcomes = new Map([...needed.keys()].map((key, n) => [key, experiments.outcomes[n]]));
  return conclude(reader, options, experiments, outcomes);
}

/** The experiments that answer the question, by key: those asked for, and the two that others are compared with. */
export function neededExperiments(options: DesignChoice): Map<string, LockDesign> {
  const { fairness = 'fifo' } = options;
  const all = [...comparisons(fairness), ...lockDesigns(options)];
  // Of two that are the same experiment the first is tried.
  return new Map(all.toReversed().map(design => [keyOf(design), design]));
}

/** Without p2m locks, and with those of the trace. */
const comparisons = (fairness: LockDesign['fairness']): [LockDesign, LockDesign] => [
  { discipline: 'refuse', granularity: null, upgrade: null, fairness },
  { discipline: 'recorded', granularity: null, upgrade: null, fairness },
];

/** The answer, from what the experiments came to; `experiments` is one share of them, `outcomes` all. */
export function conclude(
  reader: TraceReader,
  options: WhatIfOptions,
  { sections, layout }: Experiments,
  outcomes: ReadonlyMap<string, Outcome>,
): WhatIf {
  const { fairness = 'fifo', domain, overlay } = options;
  const { length: streams } = sections.streams;
  const outcomeOf = (design: LockDesign) => outcomes.get(keyOf(design)) as Outcome;
  const [free, asRecorded] = comparisons(fairness).map(outcomeOf);
  const designs = lockDesigns(options);
  const wantsRefusals = options.refusals !== false && designs.some(({ discipline }) => discipline === 'refuse');
  const noRefusals = whyNoRefusals(reader);
  const refusals = wantsRefusals && noRefusals === undefined ? countRefusals(reader, domain) : null;
  const copies = overlay === 'spread' ? layout.shifts.length : 1;
  const claimed = [...sections.claimed]
    .filter(([res]) => domain === undefined || sections.domainOf(res) === domain)
    .map(([, one]) => one);
  const rows = (sections.counts.sections > 0 ? designs : []).map(design => ({
    ...design,
    pcpus: options.pcpus ?? streams,
    ...measuresOf(outcomeOf(design), free, asRecorded),
    refused: design.discipline === 'refuse' ? refusals : null,
    memory: lockMemory(design, outcomeOf(design).peakGranules, claimed, copies),
  }));
  return {
    rows,
    counts: sections.counts,
    recordedPcpus: streams,
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
