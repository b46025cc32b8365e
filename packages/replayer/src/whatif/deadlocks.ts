import type { Arbiter } from './arbiter.js';
import { RANGES } from './claim-rules.js';
import { deadlockMember } from './deadlock-report.js';
import type { ExperimentState } from './experiment-state.js';
import { MOST_RESTARTS } from './restarts.js';
import { WaitCircles } from './wait-circles.js';

/** Deadlocks that are told in full. */
const TOLD = 20;

/** Ends circles of waits: the youngest section in one that has what others there wait for starts again. */
export class Deadlocks {
  private readonly state: ExperimentState;
  private readonly arbiter: Arbiter;
  private readonly circles: WaitCircles;

  constructor(state: ExperimentState, arbiter: Arbiter) {
    this.state = state;
    this.arbiter = arbiter;
    this.circles = new WaitCircles(state);
  }

  /** A pcpu has come to wait for what an operation asks for; `isBegin` for the beginning of a section. */
  look(p: number, time: number, isBegin: boolean): void {
    const { requests, stacks, locks, tally } = this.state;
    // Nobody can wait for it if it has nothing but what it asks for.
    const isP2m = requests.isP2m[p] !== 0;
    if (stacks.depth[p] <= (isBegin && isP2m ? 1 : 0) && locks.count[p] <= (isP2m ? 0 : 1)) return;
    while (requests.waiting[p] !== 0) {
      const members = this.circles.through(p);
      if (members === undefined) return;
      tally.deadlocks++;
      if (tally.told.length < TOLD) {
        tally.told.push({ time, members: members.map(member => deadlockMember(this.state, member)) });
      }
      const victim = this.victimOf(members);
      if (victim < 0) this.arbiter.force(p, time);
      else this.restart(victim, time);
    }
  }

  /** Who is to start again; -1 if nothing that sections would give back helps. */
  private victimOf(members: readonly number[]): number {
    const { stacks, restarts } = this.state;
    let victim = -1;
    for (const q of members) {
      if (stacks.depth[q] === 0 || restarts.again[q] === MOST_RESTARTS) continue;
      if ((victim < 0 || stacks.isYounger(q, victim)) && this.helps(q)) victim = q;
    }
    return victim;
  }

  /** Others of the circle wait for what the pcpu's sections have, or what it took since they began. */
  private helps(p: number): boolean {
    const { stacks, locks } = this.state;
    for (let d = stacks.bottom(p); d < stacks.top(p); d++) if (this.isWanted(p, stacks.res[d])) return true;
    for (let n = stacks.locks[stacks.bottom(p)]; n < locks.count[p]; n++) {
      if (this.isWanted(p, locks.at(p, n))) return true;
    }
    return false;
  }

  private isWanted(p: number, res: number): boolean {
    const { requests, table } = this.state;
    const claims = table.of(res);
    for (let k = 0; k < claims.held; k++) {
      if (claims.owner[k] !== p) continue;
      for (const v of claims.waiters) {
        if (!this.circles.isMember(v)) continue;
        if (requests.isBlocked(v, p, claims.first[k], claims.last[k], claims.writes[k])) return true;
      }
    }
    return false;
  }

  /** The outermost section of the pcpu begins again, and what it has waited stays waited. */
  private restart(p: number, time: number): void {
    const { requests, stacks, locks, table, tally, restarts, rules, clock } = this.state;
    const wanted = table.withdraw(p);
    const isP2m = requests.isP2m[p] !== 0;
    const wait = time - requests.since[p];
    const bottom = stacks.bottom(p);
    const outer = stacks.res[bottom];
    restarts.note(p, stacks, isP2m ? wait : 0);
    if (!isP2m) tally.otherWait += wait;
    else {
      tally.blame.add(requests.blamed[p], stacks.site[bottom], wait);
      if (requests.mappedSince[p] >= 0) tally.mappingWaits.add(time - requests.mappedSince[p]);
    }
    if (rules.how === RANGES) {
      const claims = table.of(outer);
      for (let k = 0; k < claims.held; k++) {
        if (claims.owner[k] === p) restarts.reach(p, claims.first[k], claims.last[k]);
      }
      if (isP2m && requests.res[p] === outer) restarts.reach(p, requests.first[p], requests.last[p]);
    }
    const given = new Set<number>();
    for (let d = bottom; d < stacks.top(p); d++) given.add(stacks.res[d]);
    for (let n = stacks.locks[bottom]; n < locks.count[p]; n++) given.add(locks.at(p, n));
    requests.waiting[p] = 0;
    locks.count[p] = stacks.locks[bottom];
    stacks.depth[p] = 0;
    tally.meter.change(time, -1, 0);
    clock.startAgain(p, stacks.at[bottom], stacks.seq[bottom], time);
    for (const res of given) this.arbiter.release(p, res, time);
    this.arbiter.wake(wanted, time);
  }
}
