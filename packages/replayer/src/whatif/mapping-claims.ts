import type { Arbiter } from './arbiter.js';
import { MAPPING } from './blame.js';
import type { ExperimentState } from './experiment-state.js';
import type { OpChunk } from './op-stream.js';

/**
 * Foreign and grant mappings that keep their gfn claimed, shared, as long as they are there. A mapping asks nobody: whoever
 * builds it has its section.
 */
export class MappingClaims {
  private readonly state: ExperimentState;
  private readonly arbiter: Arbiter;
  /** Numbers of mappings that have a claim. */
  private readonly open = new Set<number>();
  /** Those of mappings that were broken, or ended by another pcpu before they began here. */
  private readonly gone = new Set<number>();

  constructor(state: ExperimentState, arbiter: Arbiter) {
    this.state = state;
    this.arbiter = arbiter;
  }

  map(p: number, chunk: OpChunk, i: number, time: number): void {
    const { table, rules, overlay, requests } = this.state;
    const id = this.numberOf(p, chunk, i);
    if (this.gone.delete(id) || this.open.has(id)) return;
    this.open.add(id);
    const owner = overlay.pcpus + p;
    const first = rules.granuleOf(p, chunk.first[i]);
    const last = rules.granuleOf(p, chunk.last[i]);
    const claims = table.of(chunk.res[i]);
    table.grant(owner, claims, first, last, 0, MAPPING, id);
    for (const v of claims.waiters) {
      if (!requests.isBlocked(v, owner, first, last, 0)) continue;
      requests.blockers[v]++;
      if (requests.mappedSince[v] < 0) requests.mappedSince[v] = time;
    }
  }

  unmap(p: number, chunk: OpChunk, i: number, time: number): void {
    const { table } = this.state;
    const id = this.numberOf(p, chunk, i);
    if (!this.open.delete(id)) {
      if (!this.gone.delete(id)) this.gone.add(id);
      return;
    }
    const claims = table.of(chunk.res[i]);
    for (let k = 0; k < claims.held; k++) {
      if (claims.mapping[k] !== id) continue;
      table.takeBack(claims, k);
      break;
    }
    this.arbiter.wake(claims, time);
  }

  /** Breaks those in a p2m that keep somebody waiting, as nobody could go on; returns how many there were. */
  break(res: number, time: number): number {
    const { table, tally, requests } = this.state;
    const claims = table.of(res);
    const { owner, first, last, writes, mapping, waiters } = claims;
    let broken = 0;
    for (let k = claims.held - 1; k >= 0; k--) {
      if (mapping[k] < 0) continue;
      if (!waiters.some(v => requests.isBlocked(v, owner[k], first[k], last[k], writes[k]))) continue;
      this.open.delete(mapping[k]);
      this.gone.add(mapping[k]);
      table.takeBack(claims, k);
      broken++;
    }
    tally.broken += broken;
    if (broken > 0) this.arbiter.wake(claims, time);
    return broken;
  }

  private numberOf(p: number, chunk: OpChunk, i: number): number {
    const { shifts, streams } = this.state.overlay;
    return chunk.need[i] * shifts.length + Math.floor(p / streams);
  }
}
