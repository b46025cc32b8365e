/** Pairs that are found without a map; a power of two. */
const RECENT = 256;

/** Finds what is kept of a pair of keys (u31), as of two locks. Few pairs come again and again. */
export class EdgeIndex {
  private readonly byTo = new Map<number, Map<number, number>>();
  /** By a hash of the pair: the one of that hash that was found last. */
  private readonly recentTo = new Int32Array(RECENT).fill(-1);
  private readonly recentFrom = new Int32Array(RECENT);
  private readonly recent = new Int32Array(RECENT);

  /** 0 for none. */
  find(from: number, to: number): number {
    const place = placeOf(from, to);
    if (this.recentTo[place] === to && this.recentFrom[place] === from) return this.recent[place];
    const found = this.byTo.get(to)?.get(from) ?? 0;
    if (found !== 0) this.remember(place, from, to, found);
    return found;
  }

  /** `edge` is not 0. */
  add(from: number, to: number, edge: number): void {
    const edges = this.byTo.get(to);
    if (edges === undefined) this.byTo.set(to, new Map([[from, edge]]));
    else edges.set(from, edge);
    this.remember(placeOf(from, to), from, to, edge);
  }

  private remember(place: number, from: number, to: number, edge: number): void {
    this.recentTo[place] = to;
    this.recentFrom[place] = from;
    this.recent[place] = edge;
  }
}

const placeOf = (from: number, to: number): number => (from + to * 31) & (RECENT - 1);
