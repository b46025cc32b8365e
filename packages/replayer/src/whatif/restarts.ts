import type { SectionStacks } from './section-stacks.js';

/** A section that has started again so often does not do so once more: it can't be what helps. */
export const MOST_RESTARTS = 16;

/**
 * Sections that a deadlock made start again, by pcpu. Such a section passes nobody any more, claims at its beginning, for
 * writing if it writes, all that it had come to before, and stays as old as it was, so that its turn comes. Without that, a
 * crowd of readers that all come to write would start again once for each of them that gets through.
 */
export class Restarts {
  /** How often it has started again; 0 when it is done. */
  readonly again: Uint8Array;
  /** Ticks that it has waited before. */
  readonly carried: Float64Array;
  /** When it began first. */
  readonly since: Float64Array;
  /** Granules that it had come to. */
  readonly first: Float64Array;
  readonly last: Float64Array;

  constructor(pcpus: number) {
    this.again = new Uint8Array(pcpus);
    this.carried = new Float64Array(pcpus);
    this.since = new Float64Array(pcpus);
    this.first = new Float64Array(pcpus);
    this.last = new Float64Array(pcpus);
  }

  /** The pcpu's outermost section is to start again; `waited` ticks for its present request count too. */
  note(p: number, stacks: SectionStacks, waited: number): void {
    let all = 0;
    for (let d = stacks.bottom(p); d < stacks.top(p); d++) all += stacks.wait[d];
    this.again[p]++;
    this.carried[p] = all + waited;
    this.since[p] = stacks.since[stacks.bottom(p)];
    this.first[p] = Number.POSITIVE_INFINITY;
    this.last[p] = Number.NEGATIVE_INFINITY;
  }

  /** It had come to that range too. */
  reach(p: number, first: number, last: number): void {
    if (first < this.first[p]) this.first[p] = first;
    if (last > this.last[p]) this.last[p] = last;
  }
}
