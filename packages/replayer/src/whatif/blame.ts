/** A pair of call sites: who had what, and who waited for it. */
export interface BlamedPair {
  /** Call sites (call-site.ts), -1 for unknown; MAPPING for a mapping that is still there. */
  readonly holder: number;
  readonly waiter: number;
  readonly waits: number;
  readonly ticks: number;
}

/** Holder of what a foreign or grant mapping keeps claimed. */
export const MAPPING = -2;

/** Ticks that were waited, by who had what was waited for and who waited. */
export class Blame {
  /** By holder and waiter. */
  private readonly places = new Map<number, Map<number, number>>();
  private readonly pairs: { holder: number; waiter: number; waits: number; ticks: number }[] = [];

  add(holder: number, waiter: number, ticks: number): void {
    let waiters = this.places.get(holder);
    if (waiters === undefined) {
      waiters = new Map();
      this.places.set(holder, waiters);
    }
    let place = waiters.get(waiter);
    if (place === undefined) {
      place = this.pairs.push({ holder, waiter, waits: 0, ticks: 0 }) - 1;
      waiters.set(waiter, place);
    }
    const pair = this.pairs[place];
    pair.waits++;
    pair.ticks += ticks;
  }

  /** The pairs that cost most. */
  worst(most: number): readonly BlamedPair[] {
    return this.pairs
      .toSorted((a, b) => b.ticks - a.ticks || a.holder - b.holder || a.waiter - b.waiter)
      .slice(0, most);
  }
}
