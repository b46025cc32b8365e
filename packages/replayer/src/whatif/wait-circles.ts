import type { ExperimentState } from './experiment-state.js';

/** Finds those who wait for each other. Reads only what is asked for and held at the moment. */
export class WaitCircles {
  private readonly state: ExperimentState;
  private readonly pcpus: number;
  /** By pcpu: the search that met it last, ahead of where it began and behind that. */
  private readonly ahead: Int32Array;
  private readonly behind: Int32Array;
  /** Pcpus ahead, as they were found. */
  private readonly found: Int32Array;
  private search = 0;
  /** By lock or p2m: the pcpu that has looked there for writing, and in which search. */
  private readonly lookedBy: number[] = [];
  private readonly lookedIn: number[] = [];

  constructor(state: ExperimentState) {
    const { pcpus } = state.overlay;
    this.state = state;
    this.pcpus = pcpus;
    this.ahead = new Int32Array(pcpus);
    this.behind = new Int32Array(pcpus);
    this.found = new Int32Array(pcpus);
  }

  /** All pcpus that wait for this one, be it through others, and it for them, in order; undefined if there is none. */
  through(p: number): readonly number[] | undefined {
    if (!this.mayBe(p)) return undefined;
    const search = ++this.search;
    const { found, behind, ahead } = this;
    if (!this.markBehind(p)) return undefined;
    let isCircle = false;
    let end = this.addAhead(p, 0);
    for (let n = 0; n < end; n++) {
      const w = found[n];
      if (behind[w] === search) isCircle = true;
      end = this.addAhead(w, end);
    }
    if (!isCircle) return undefined;
    ahead[p] = search;
    behind[p] = search;
    // Most wait for it directly. Others ahead may wait for one of them.
    for (let isMore = true; isMore; ) {
      isMore = false;
      for (let n = 0; n < end; n++) {
        const w = found[n];
        if (behind[w] === search || !this.waitsForMember(w)) continue;
        behind[w] = search;
        isMore = true;
      }
    }
    const members: number[] = [];
    for (let w = 0; w < this.pcpus; w++) if (this.isMember(w)) members.push(w);
    return members;
  }

  /** The pcpu is in the circle that was found last. */
  isMember(w: number): boolean {
    return this.ahead[w] === this.search && this.behind[w] === this.search;
  }

  /**
   * False if there is none for sure, whatever was asked for: whoever waits for a lock waits, be it through others, for those
   * who have some of it. Most often the one who has it is at work.
   */
  private mayBe(p: number): boolean {
    const { requests, table } = this.state;
    const { ahead, found, pcpus } = this;
    const search = ++this.search;
    let end = 0;
    found[end++] = p;
    for (let n = 0; n < end; n++) {
      const claims = table.of(requests.res[found[n]]);
      for (let k = 0; k < claims.held; k++) {
        const w = claims.owner[k];
        if (w === p) return true;
        if (w >= pcpus || requests.waiting[w] === 0 || ahead[w] === search) continue;
        ahead[w] = search;
        found[end++] = w;
      }
    }
    return false;
  }

  /** Adds whom the pcpu waits for, as far as they wait themselves; returns how many have been found. */
  private addAhead(v: number, count: number): number {
    const { requests, table } = this.state;
    const { ahead, found, search, pcpus } = this;
    const res = requests.res[v];
    const claims = table.of(res);
    let end = count;
    // Who wants to write has met all that keep somebody waiting who wants part of the same.
    const by = this.lookedIn[res] === search ? this.lookedBy[res] : -1;
    const isPart = by >= 0 && requests.first[by] <= requests.first[v] && requests.last[v] <= requests.last[by];
    if (!isPart) {
      for (let k = 0; k < claims.held; k++) {
        const w = claims.owner[k];
        if (w >= pcpus || ahead[w] === search || requests.waiting[w] === 0) continue;
        if (!requests.isBlocked(v, w, claims.first[k], claims.last[k], claims.writes[k])) continue;
        ahead[w] = search;
        found[end++] = w;
      }
    }
    const isBefore = isPart && requests.jumps[by] === 0 && requests.ticket[v] < requests.ticket[by];
    if (requests.jumps[v] === 0 && !isBefore) {
      for (const w of claims.waiters) {
        if (ahead[w] === search || !requests.isAhead(w, v)) continue;
        ahead[w] = search;
        found[end++] = w;
      }
    }
    if (requests.writes[v] !== 0 && !isPart) {
      this.lookedBy[res] = v;
      this.lookedIn[res] = search;
    }
    return end;
  }

  /** A pcpu ahead waits for one that is known to be in the circle. */
  private waitsForMember(v: number): boolean {
    const { requests, table } = this.state;
    const claims = table.of(requests.res[v]);
    for (let k = 0; k < claims.held; k++) {
      const w = claims.owner[k];
      if (w >= this.pcpus || !this.isMember(w)) continue;
      if (requests.isBlocked(v, w, claims.first[k], claims.last[k], claims.writes[k])) return true;
    }
    for (const w of claims.waiters) if (this.isMember(w) && requests.isAhead(w, v)) return true;
    return false;
  }

  /** Marks who waits for the pcpu directly; false if nobody does. It is the last that came, so nobody waits behind it. */
  private markBehind(p: number): boolean {
    const { stacks, locks } = this.state;
    let isAny = false;
    for (let d = stacks.bottom(p); d < stacks.top(p); d++) if (this.markBlocked(p, stacks.res[d])) isAny = true;
    for (let n = 0; n < locks.count[p]; n++) if (this.markBlocked(p, locks.at(p, n))) isAny = true;
    return isAny;
  }

  /** Marks who waits for what the pcpu has of a lock or p2m. */
  private markBlocked(p: number, res: number): boolean {
    const { requests, table } = this.state;
    const claims = table.of(res);
    if (claims.waiters.length === 0) return false;
    let isAny = false;
    for (let k = 0; k < claims.held; k++) {
      if (claims.owner[k] !== p) continue;
      for (const w of claims.waiters) {
        if (!requests.isBlocked(w, p, claims.first[k], claims.last[k], claims.writes[k])) continue;
        this.behind[w] = this.search;
        isAny = true;
      }
    }
    return isAny;
  }
}
