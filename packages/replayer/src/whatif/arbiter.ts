import { MAPPING } from './blame.js';
import type { Claims } from './claims.js';
import type { ExperimentState } from './experiment-state.js';
import type { OpChunk } from './op-stream.js';

/** Grants claims in the order in which they were asked for; who can't have one waits until others give back theirs. */
export class Arbiter {
  private readonly state: ExperimentState;
  private tickets = 0;

  constructor(state: ExperimentState) {
    this.state = state;
  }

  /** Asks for granules of a p2m, or for a lock of another class. False if the pcpu has to wait. */
  ask(
    p: number,
    claims: Claims,
    chunk: OpChunk,
    i: number,
    time: number,
    first: number,
    last: number,
    writes: number,
    isP2m: boolean,
  ): boolean {
    const { requests, table, rules, tally } = this.state;
    const site = chunk.site[i];
    if (claims.held === 0 && claims.waiters.length === 0) {
      if (isP2m) table.grant(p, claims, first, last, writes, site, -1);
      else {
        if (writes === 0) claims.isQueue = false;
        claims.add(p, first, last, writes, site, -1);
      }
      return true;
    }
    requests.res[p] = chunk.res[i];
    requests.first[p] = first;
    requests.last[p] = last;
    requests.writes[p] = writes;
    let hasSome = false;
    let blockers = 0;
    let blamed = -1;
    let isMapped = false;
    for (let k = 0; k < claims.held; k++) {
      if (claims.first[k] > last || first > claims.last[k]) continue;
      if (isP2m && claims.owner[k] === p) {
        if (claims.first[k] <= first && last <= claims.last[k] && claims.writes[k] >= writes) return true;
        hasSome = true;
      } else if (requests.isBlocked(p, claims.owner[k], claims.first[k], claims.last[k], claims.writes[k])) {
        if (blockers++ === 0) blamed = claims.site[k];
        if (claims.mapping[k] >= 0) isMapped = true;
      }
    }
    const isUpgrade = writes === 1 && hasSome;
    if (isUpgrade && rules.converts) tally.upgrades++;
    requests.ticket[p] = this.tickets++;
    requests.jumps[p] = isUpgrade || (writes === 0 && this.passes(p)) ? 1 : 0;
    if (claims.isQueue && (first !== 0 || last !== 0 || writes === 0 || isUpgrade)) table.countBlockers(claims);
    if (claims.isQueue) {
      // Whoever has it, or is the next to have it.
      blockers = 1;
      if (claims.held === 0) blamed = requests.site[claims.waiters[0]];
    } else if (requests.jumps[p] === 0) {
      for (const w of claims.waiters) if (requests.conflict(w, p) && blockers++ === 0) blamed = requests.site[w];
    }
    if (blockers === 0) {
      table.granted(p, claims, isP2m, site);
      return true;
    }
    requests.blockers[p] = blockers;
    requests.since[p] = time;
    requests.handoff[p] = chunk.handoff[i];
    requests.seq[p] = chunk.seq[i];
    requests.site[p] = site;
    // Whoever else is in the way has it for a while, a mapping as long as it is there.
    requests.blamed[p] = isMapped ? MAPPING : blamed;
    requests.mappedSince[p] = isMapped ? time : -1;
    requests.isP2m[p] = isP2m ? 1 : 0;
    claims.waiters.push(p);
    this.stop(p, time);
    return false;
  }

  private passes(p: number): boolean {
    return this.state.rules.readersFirst && this.state.restarts.again[p] === 0;
  }

  /** Gives back all that the pcpu has of a lock or p2m. */
  release(p: number, res: number, time: number): void {
    const { table } = this.state;
    const claims = table.of(res);
    if (claims.held === 1) {
      if (claims.owner[0] === p) table.takeBack(claims, 0);
    } else for (let k = claims.held - 1; k >= 0; k--) if (claims.owner[k] === p) table.takeBack(claims, k);
    if (claims.waiters.length > 0) this.wake(claims, time);
  }

  /** Those whom nothing keeps waiting any more go on, the first one first. */
  wake(claims: Claims, time: number): void {
    const { waiters } = claims;
    const { requests } = this.state;
    if (claims.isQueue) {
      const v = claims.held === 0 ? waiters.shift() : undefined;
      if (v !== undefined) this.give(v, claims, time);
      return;
    }
    if (!claims.mayWake) return;
    claims.mayWake = false;
    for (let k = 0; k < waiters.length; k++) {
      const v = waiters[k];
      if (requests.blockers[v] !== 0) continue;
      waiters.splice(k--, 1);
      this.give(v, claims, time);
    }
  }

  /** Gives the pcpu what it waits for, whoever has it. */
  force(p: number, time: number): void {
    this.state.tally.forced++;
    const claims = this.state.table.withdraw(p);
    this.give(p, claims, time);
    this.wake(claims, time);
  }

  private give(v: number, claims: Claims, time: number): void {
    const { requests, table } = this.state;
    table.granted(v, claims, requests.isP2m[v] !== 0, requests.site[v]);
    this.resume(v, time);
  }

  /** The pcpu waits from now on. */
  stop(p: number, time: number): void {
    const { requests, clock, stacks, tally } = this.state;
    requests.waiting[p] = 1;
    clock.queue.remove(p);
    if (stacks.depth[p] > 0) tally.meter.change(time, 0, -1);
  }

  /** The pcpu has what it waited for. */
  resume(v: number, time: number): void {
    const { requests, clock, stacks, tally } = this.state;
    const wait = time - requests.since[v] + requests.handoff[v];
    if (requests.isP2m[v] === 0) tally.otherWait += wait;
    else {
      const d = stacks.find(v, requests.res[v]);
      if (d >= 0) stacks.wait[d] += wait;
      tally.blame.add(requests.blamed[v], d >= 0 ? stacks.site[d] : -1, wait);
      const { mappedSince } = requests;
      if (mappedSince[v] >= 0) tally.mappingWaits.add(time - mappedSince[v] + requests.handoff[v]);
    }
    requests.waiting[v] = 0;
    clock.now[v] = time + requests.handoff[v];
    if (stacks.depth[v] > 0) tally.meter.change(time, 0, 1);
    clock.start(v);
  }
}
