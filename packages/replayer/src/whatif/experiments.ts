import { BatchMemory, type TraceReader } from '@p2mtrace/trace-format';
import type { LockDesign } from './design.js';
import { type Outcome, outcomeOf } from './outcome.js';
import { noOverlay, type Overlay, type OverlayKind, overlayOf } from './overlay.js';
import { recordedPcpus, recordedTime } from './recorded-pcpus.js';
import { SECTION_COLUMNS } from './section-columns.js';
import { SectionReader } from './section-reader.js';
import type { WatchSections } from './section-run.js';
import { Simulation } from './simulation.js';

/** How long a foreign or grant mapping keeps its claim. */
export const FOREIGN = ['while-built', 'while-mapped'] as const;
export type Foreign = (typeof FOREIGN)[number];

/** What all designs are tried under. Plain data. */
export interface Conditions {
  /** `while-built` by default: page references keep the frame afterwards. */
  readonly foreign?: Foreign | undefined;
  /** Pcpus of the experiment; those of the trace by default. */
  readonly pcpus?: number | undefined;
  /** What the copies' shifts are drawn from; 1 by default. */
  readonly seed?: number | undefined;
  readonly overlay?: OverlayKind | undefined;
  /** Only p2ms of this domain; others stay as recorded. */
  readonly domain?: number | undefined;
}

/** Who looks on. */
export interface Onlookers {
  /** Called with the number of events done. */
  readonly onProgress?: ((events: number) => void) | undefined;
  /** Told of each section of each design as it ends. */
  readonly watch?: ((design: LockDesign) => WatchSections | undefined) | undefined;
}

export interface Experiments {
  /** In the order of the designs. */
  readonly outcomes: readonly Outcome[];
  /** What the trace told of sections. */
  readonly sections: SectionReader;
  readonly layout: Overlay;
}

/** Tries designs side by side in one pass over the trace. @throws P2mError P2M_DAMAGED */
export function runExperiments(
  reader: TraceReader,
  designs: readonly LockDesign[],
  { foreign, pcpus, seed = 1, overlay = 'same', domain }: Conditions,
  { onProgress, watch }: Onlookers = {},
): Experiments {
  const { base, ticks } = recordedTime(reader);
  const keepsMappings = foreign === 'while-mapped';
  const sections = new SectionReader(reader, recordedPcpus(reader), base, domain, keepsMappings);
  const { streams } = sections;
  const layout =
    pcpus === undefined ? noOverlay(streams.length) : overlayOf(pcpus, streams.length, overlay, seed, ticks);
  const simulations = designs.map(
    design => new Simulation({ design, streams, overlay: layout, keepsMappings, watch: watch?.(design) }),
  );
  const advance = () => {
    for (const simulation of simulations) simulation.run();
    for (const [i, stream] of streams.entries()) stream.drop(Math.min(...simulations.map(one => one.needed(i))));
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
  return { outcomes: simulations.map(outcomeOf), sections, layout };
}
