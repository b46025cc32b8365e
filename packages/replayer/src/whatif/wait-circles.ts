import type { ExperimentState } from './experiment-state.js';

/** Finds those who wait for each other. Reads only what is asked for and held at the moment. */
export class WaitCircles {
  private readonly state: ExperimentState;
  private readonly pcpus: number;
  /** By pcpu: the search that met it last, ahead of where it began and behind that. */
  private readonly ahead: Int32Array;
  private readonly behind: Int32Array;
  private readonly found: Int32Array;
  private search = 0;

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
    const { found } = this;
    if (this.addBehind(p, 0) === 0) return undefined;
    let isCircle = false;
    let ahead = this.addAhead(p, 0);
    for (let n = 0; n < ahead; n++) {
      const w = found[n];
      if (this.behind[w] === search) isCircle = true;
      if (w !== p) ahead = this.addAhead(w, ahead);
    }
    if (!isCircle) return undefined;
    // Of those ahead, the ones that it is reached from.
    found[0] = p;
    this.behind.fill(0);
    this.behind[p] = search;
    let end = 1;
    for (let n = 0; n < end; n++) if (this.ahead[found[n]] === search) end = this.addBehind(found[n], end);
    const members: number[] = [];
    for (let w = 0; w < this.pcpus; w++) if (this.ahead[w] === search && this.behind[w] === search) members.push(w);
    return members;
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
    const { ahead, found, search } = this;
    const claims = table.of(requests.res[v]);
    let end = count;
    for (let k = 0; k < claims.held; k++) {
      const w = claims.owner[k];
      if (w >= this.pcpus || ahead[w] === search || requests.waiting[w] === 0) continue;
      if (!requests.isBlocked(v, w, claims.first[k], claims.last[k], claims.writes[k])) continue;
      ahead[w] = search;
      found[end++] = w;
    }
    if (requests.jumps[v] !== 0) return end;
    for (const w of claims.waiters) {
      if (ahead[w] === search || !requests.isAhead(w, v)) continue;
      ahead[w] = search;
      found[end++] = w;
    }
    return end;
  }

  /** Adds who waits for the pcpu. */
  private addBehind(v: number, count: number): number {
    const { stacks, locks, requests, table } = this.state;
    let end = count;
    for (let d = stacks.bottom(v); d < stacks.top(v); d++) end = this.addBlocked(v, stacks.res[d], end);
    for (let n = 0; n < locks.count[v]; n++) end = this.addBlocked(v, locks.at(v, n), end);
    if (requests.waiting[v] === 0) return end;
    const { behind, found, search } = this;
    for (const w of table.of(requests.res[v]).waiters) {
      if (behind[w] === search || !requests.isAhead(v, w)) continue;
      behind[w] = search;
      found[end++] = w;
    }
    return end;
  }

  /** Adds who waits for what the pcpu has of a lock or p2m. */
  private addBlocked(v: number, res: number, count: number): number {
    const { requests, table } = this.state;
    const { behind, found, search } = this;
    const claims = table.of(res);
    let end = count;
    if (claims.waiters.length === 0) return end;
    for (let k = 0; k < claims.held; k++) {
      if (claims.owner[k] !== v) continue;
      for (const w of claims.waiters) {
        if (behind[w] === search || !requests.isBlocked(w, v, claims.first[k], claims.last[k], claims.writes[k]))
          continue;
        behind[w] = search;
        found[end++] = w;
      }
    }
    return end;
  }
}
