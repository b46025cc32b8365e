import type { LockDesign, SectionRun, WhatIf, WhatIfOptions } from '@p2mtrace/replayer';
import { whatIf } from '@p2mtrace/replayer';
import type { TraceReader } from '@p2mtrace/trace-format';
import { designName } from './design-name.js';

/** Sections that began so many events before or after the one that waited longest are looked at. */
const AROUND = 600;
/** Most sections, and pcpus, that are drawn. */
const SECTIONS = 120;
const PCPUS = 12;

/** The section that waited longest: under `recorded` if anything waited there, else under any design. */
export interface WorstSection {
  readonly seq: number;
  readonly name: string;
  readonly wait: number;
}

/** The sections around the worst moment, as they went under one design. */
export interface MomentLane {
  readonly name: string;
  readonly runs: readonly SectionRun[];
}

/** Looks for it while the designs are tried. */
export class WorstSections {
  private readonly worst = new Map<string, WorstSection>();

  readonly watch = (design: LockDesign) => {
    const name = designName(design);
    let longest = 0;
    return ({ seq, wait }: SectionRun) => {
      if (wait <= longest) return;
      longest = wait;
      this.worst.set(name, { seq, name, wait });
    };
  };

  get section(): WorstSection | undefined {
    const all = [...this.worst.values()].sort((a, b) => b.wait - a.wait);
    return this.worst.get('recorded') ?? all[0];
  }
}

/** The same experiments once more: what the sections around that one did under each design. */
export function worstMoment(reader: TraceReader, options: WhatIfOptions, { seq }: WorstSection): readonly MomentLane[] {
  const lanes = new Map<string, SectionRun[]>();
  const watch = (design: LockDesign) => {
    const runs: SectionRun[] = [];
    lanes.set(designName(design), runs);
    return (run: SectionRun) => {
      if (Math.abs(run.seq - seq) <= AROUND) runs.push(run);
    };
  };
  const { rows }: WhatIf = whatIf(reader, { ...options, watch });
  const seen = new Set<string>();
  return rows.flatMap(row => {
    const name = designName(row);
    const runs = lanes.get(name);
    if (runs === undefined || runs.length === 0 || seen.has(name)) return [];
    seen.add(name);
    return [{ name, runs: nearest(runs, seq) }];
  });
}

/** Those nearest to the section, on the pcpus that have some of them. */
function nearest(runs: readonly SectionRun[], seq: number): SectionRun[] {
  const near = runs.toSorted((a, b) => Math.abs(a.seq - seq) - Math.abs(b.seq - seq)).slice(0, SECTIONS);
  const pcpus = [...new Set(near.map(({ pcpu }) => pcpu))].slice(0, PCPUS);
  return near.filter(({ pcpu }) => pcpus.includes(pcpu));
}
