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

/** Sites have 17 bits; two more numbers stand for none. */
const SITES = 1 << 18;

/** Ticks that were waited, by who had what was waited for and who waited. */
export class Blame {
  private readonly places = new Map<number, number>();
  private readonly pairs: { holder: number; waiter: number; waits: number; ticks: number }[] = [];

  add(holder: number, waiter: number, ticks: number): void {
    const key = (holder + 2) * SITES + waiter + 2;
    let place = this.places.get(key);
    if (place === undefined) {
      place = this.pairs.push({ holder, waiter, waits: 0, ticks: 0 }) - 1;
      this.places.set(key, place);
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
