/** Ranges of a section that are told apart; of more, each is claimed again. */
const RANGES = 64;

/** A section whose end has not been read; used again for the next one. */
export class OpenSection {
  res = 0;
  /** Where it begins in the operations. */
  at = 0;
  depth = 0;
  /** No lock tells its end, but put_gfn. */
  byLookup = false;
  shared = false;
  writes = false;
  hasRange = false;
  site = -1;
  hasLookup = false;
  /** Final: what is learnt now comes too late. */
  closed = false;
  private readonly first = new Float64Array(RANGES);
  private readonly last = new Float64Array(RANGES);
  private readonly written = new Uint8Array(RANGES);
  private ranges = 0;

  begin(res: number, at: number, depth: number, byLookup: boolean, shared: boolean, site: number): this {
    this.res = res;
    this.at = at;
    this.depth = depth;
    this.byLookup = byLookup;
    this.shared = shared;
    this.writes = false;
    this.hasRange = false;
    this.site = site;
    this.hasLookup = false;
    this.closed = false;
    this.ranges = 0;
    return this;
  }

  /** The range is within one that it has, at least as strongly; else it is remembered. */
  has(first: number, last: number, write: boolean): boolean {
    for (let i = 0; i < this.ranges; i++) {
      if (this.first[i] <= first && last <= this.last[i] && (!write || this.written[i] === 1)) return true;
    }
    if (this.ranges < RANGES) {
      this.first[this.ranges] = first;
      this.last[this.ranges] = last;
      this.written[this.ranges++] = write ? 1 : 0;
    }
    return false;
  }
}
