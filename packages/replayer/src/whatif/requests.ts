/** What each pcpu waits for, or is about to ask for: columns by pcpu. Ranges are of granules, ends included. */
export class Requests {
  /** 1 while the pcpu waits. */
  readonly waiting: Uint8Array;
  /** The lock or p2m that is asked for. */
  readonly res: Int32Array;
  readonly first: Float64Array;
  readonly last: Float64Array;
  /** 1 if it excludes readers too. */
  readonly writes: Uint8Array;
  /** 1 if it waits for no request that came before. */
  readonly jumps: Uint8Array;
  /** Requests in the order in which they came. */
  readonly ticket: Float64Array;
  /** Since when it waits. */
  readonly since: Float64Array;
  /** Ticks that handing over took, as recorded. */
  readonly handoff: Float64Array;
  readonly seq: Float64Array;
  readonly site: Float64Array;
  /** Call site of whoever was in the way when it came. */
  readonly blamed: Float64Array;
  /** Since when a foreign or grant mapping is in the way, -1 for not at all. */
  readonly mappedSince: Float64Array;
  /** 1 for a section's, 0 for a lock of another class. */
  readonly isP2m: Uint8Array;
  /** How many claims and requests keep it waiting. */
  readonly blockers: Int32Array;

  private readonly pcpus: number;

  constructor(pcpus: number) {
    this.pcpus = pcpus;
    this.waiting = new Uint8Array(pcpus);
    this.res = new Int32Array(pcpus);
    this.first = new Float64Array(pcpus);
    this.last = new Float64Array(pcpus);
    this.writes = new Uint8Array(pcpus);
    this.jumps = new Uint8Array(pcpus);
    this.ticket = new Float64Array(pcpus);
    this.since = new Float64Array(pcpus);
    this.handoff = new Float64Array(pcpus);
    this.seq = new Float64Array(pcpus);
    this.site = new Float64Array(pcpus);
    this.blamed = new Float64Array(pcpus);
    this.mappedSince = new Float64Array(pcpus).fill(-1);
    this.isP2m = new Uint8Array(pcpus);
    this.blockers = new Int32Array(pcpus);
  }

  /** A claim of somebody else that the pcpu's request does not go with. A pcpu's mapping is not in its own way. */
  isBlocked(v: number, owner: number, first: number, last: number, writes: number): boolean {
    if (owner === v || owner === this.pcpus + v) return false;
    return first <= this.last[v] && this.first[v] <= last && (writes | this.writes[v]) !== 0;
  }

  /** A request that came before keeps the later one waiting. */
  isAhead(w: number, v: number): boolean {
    return this.jumps[v] === 0 && this.ticket[w] < this.ticket[v] && this.conflict(w, v);
  }

  /** Two requests do not go together. */
  conflict(w: number, v: number): boolean {
    return (
      w !== v &&
      this.first[w] <= this.last[v] &&
      this.first[v] <= this.last[w] &&
      (this.writes[w] | this.writes[v]) !== 0
    );
  }
}
