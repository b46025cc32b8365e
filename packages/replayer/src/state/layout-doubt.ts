import { LayoutFit, type LayoutProfile, movesBelowFlags } from '@p2mtrace/trace-format';
import type { StateImage } from '../memory/state-image.js';

/** Evidence against the trace's page_info layout: counts that it can't explain. */
export class LayoutDoubt {
  /** The layout by which the trace is read. */
  readonly layout: string;
  /** Counts that contradict the layout and are right by another one, or by an unknown one. */
  counts = 0;
  private readonly fit = new LayoutFit();

  constructor({ name }: LayoutProfile) {
    this.layout = name;
  }

  /**
   * Records a count that is not the previous one moved by `by`; words are at their indices in four arrays. False: no
   * layout is to blame, as the count does not move as it should in the bits below all flags.
   */
  explains(lows: Uint32Array, highs: Uint32Array, slot: number, info: Uint32Array, at: number, by: number): boolean {
    const [low, high, newLow, newHigh] = [lows[slot], highs[slot], info[at], info[at + 1]];
    if (!movesBelowFlags(low, high, newLow, newHigh, by)) return false;
    this.fit.step(low, high, newLow, newHigh, by);
    this.counts++;
    return true;
  }

  /** Layouts by which all of those counts are right. */
  fitting(): string[] {
    return this.fit.fitting();
  }

  transfer(image: StateImage): void {
    this.counts = image.number('counts', this.counts);
    this.fit.contradictions.set(image.array('contradictions', this.fit.contradictions));
    this.fit.implausible.set(image.array('implausible', this.fit.implausible));
  }
}
