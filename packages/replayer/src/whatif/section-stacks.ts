/** Sections that a pcpu may have open at once. */
const DEPTH = 16;

/** Which sections each pcpu has open, the outer ones first: columns, of which those of pcpu p begin at `bottom(p)`. */
export class SectionStacks {
  /** By pcpu. */
  readonly depth: Uint8Array;
  /** The p2m that it is of. */
  readonly res: Int32Array;
  /** Ticks that it has waited so far. */
  readonly wait: Float64Array;
  readonly writes: Uint8Array;
  readonly site: Float64Array;
  /** When it began, the first time. */
  readonly since: Float64Array;
  readonly seq: Float64Array;
  /** Its beginning among the operations, and how many other locks were held then. */
  readonly at: Float64Array;
  readonly locks: Uint8Array;

  constructor(pcpus: number) {
    this.depth = new Uint8Array(pcpus);
    this.res = new Int32Array(pcpus * DEPTH);
    this.wait = new Float64Array(pcpus * DEPTH);
    this.writes = new Uint8Array(pcpus * DEPTH);
    this.site = new Float64Array(pcpus * DEPTH);
    this.since = new Float64Array(pcpus * DEPTH);
    this.seq = new Float64Array(pcpus * DEPTH);
    this.at = new Float64Array(pcpus * DEPTH);
    this.locks = new Uint8Array(pcpus * DEPTH);
  }

  bottom(p: number): number {
    return p * DEPTH;
  }

  /** Behind the innermost. */
  top(p: number): number {
    return p * DEPTH + this.depth[p];
  }

  /** The innermost section of that p2m; -1 for none. */
  find(p: number, res: number): number {
    for (let d = this.top(p) - 1; d >= p * DEPTH; d--) if (this.res[d] === res) return d;
    return -1;
  }

  /** A section has ended, be it the innermost or not. */
  remove(p: number, d: number): void {
    const end = this.top(p);
    this.depth[p]--;
    if (d + 1 === end) return;
    const { res, wait, writes, site, since, seq, at, locks } = this;
    for (const column of [res, wait, writes, site, since, seq, at, locks]) column.copyWithin(d, d + 1, end);
  }

  /** A lock that was held before these sections began is held no more: `locks` counts those that are left. */
  lockGone(p: number, place: number): void {
    for (let d = p * DEPTH; d < this.top(p); d++) if (this.locks[d] > place) this.locks[d]--;
  }

  /** Of a pcpu with a section: the outermost of a is younger than that of b. */
  isYounger(a: number, b: number): boolean {
    const [x, y] = [a * DEPTH, b * DEPTH];
    if (this.since[x] !== this.since[y]) return this.since[x] > this.since[y];
    return this.seq[x] !== this.seq[y] ? this.seq[x] > this.seq[y] : a > b;
  }
}
