import { type ClaimRules, RANGES } from './claim-rules.js';
import { Claims } from './claims.js';
import type { Requests } from './requests.js';

/** All claims of an experiment, by lock or p2m; keeps right how many of them are in the way of each request. */
export class ClaimTable {
  /** Granules of p2ms claimed at once, at most. */
  peak = 0;
  private granules = 0;
  private readonly all: (Claims | undefined)[] = [];
  private readonly requests: Requests;
  private readonly hasRanges: boolean;

  constructor(requests: Requests, rules: ClaimRules) {
    this.requests = requests;
    this.hasRanges = rules.how === RANGES;
  }

  of(res: number): Claims {
    let claims = this.all[res];
    if (claims === undefined) {
      claims = new Claims();
      this.all[res] = claims;
    }
    return claims;
  }

  /** A pcpu's section, or a mapping (with the number of pcpus added to that of its pcpu), has a range of a p2m. */
  grant(
    owner: number,
    claims: Claims,
    first: number,
    last: number,
    writes: number,
    site: number,
    mapping: number,
  ): void {
    if (claims.isQueue && (writes === 0 || mapping >= 0 || this.hasRanges)) this.countBlockers(claims);
    claims.add(owner, first, last, writes, site, mapping);
    claims.isP2m = true;
    this.granules += this.granulesOf(claims, claims.held - 1);
    if (this.granules > this.peak) this.peak = this.granules;
  }

  /** The pcpu's request is a claim from now on, which may keep others waiting that it did not before. */
  granted(p: number, claims: Claims, isP2m: boolean, site: number): void {
    const { requests } = this;
    if (!claims.isQueue) {
      const ticket = requests.ticket[p];
      for (const v of claims.waiters) {
        // Who waits for the request already, waits for the claim.
        const isNew = requests.ticket[v] < ticket || requests.jumps[v] !== 0;
        if (isNew && requests.conflict(p, v)) requests.blockers[v]++;
      }
    }
    if (isP2m) this.grant(p, claims, requests.first[p], requests.last[p], requests.writes[p], site, -1);
    else claims.add(p, requests.first[p], requests.last[p], requests.writes[p], site, -1);
  }

  /** Gives a claim back. */
  takeBack(claims: Claims, at: number): void {
    if (claims.isP2m) this.granules -= this.granulesOf(claims, at);
    if (claims.isQueue || claims.waiters.length === 0) {
      claims.remove(at);
      return;
    }
    const { requests } = this;
    const owner = claims.owner[at];
    const first = claims.first[at];
    const last = claims.last[at];
    const writes = claims.writes[at];
    claims.remove(at);
    for (const v of claims.waiters) {
      if (requests.isBlocked(v, owner, first, last, writes) && --requests.blockers[v] === 0) claims.mayWake = true;
    }
  }

  /** Granules that only this claim covers; all of a p2m is one more. */
  private granulesOf(claims: Claims, at: number): number {
    if (!this.hasRanges) return claims.held === 1 ? 1 : 0;
    const first = claims.first[at];
    const last = claims.last[at];
    if (Number.isFinite(last)) return claims.uncovered(first, last, at);
    return claims.hasWhole(at) ? 0 : 1;
  }

  /** From now on each request is compared with the others. */
  countBlockers(claims: Claims): void {
    const { requests } = this;
    claims.isQueue = false;
    claims.mayWake = true;
    for (const v of claims.waiters) {
      let blockers = 0;
      for (let k = 0; k < claims.held; k++) {
        if (requests.isBlocked(v, claims.owner[k], claims.first[k], claims.last[k], claims.writes[k])) blockers++;
      }
      for (const w of claims.waiters) if (requests.isAhead(w, v)) blockers++;
      requests.blockers[v] = blockers;
    }
  }

  /** Gives up the pcpu's request; it keeps nobody waiting any more. */
  withdraw(p: number): Claims {
    const { requests } = this;
    const claims = this.of(requests.res[p]);
    claims.waiters.splice(claims.waiters.indexOf(p), 1);
    if (claims.isQueue) return claims;
    for (const v of claims.waiters) if (requests.isAhead(p, v) && --requests.blockers[v] === 0) claims.mayWake = true;
    return claims;
  }
}
