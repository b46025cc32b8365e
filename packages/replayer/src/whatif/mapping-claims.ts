import type { Arbiter } from './arbiter.js';
import { MAPPING } from './blame.js';
import type { ExperimentState } from './experiment-state.js';
import type { OpChunk } from './op-stream.js';

/** Foreign and grant mappings that keep their gfn claimed as long as they are there. */
export class MappingClaims {
  private readonly state: ExperimentState;
  private readonly arbiter: Arbiter;
  /** Numbers of mappings that have a claim. */
  private readonly open = new Set<number>();

  constructor(state: ExperimentState, arbiter: Arbiter) {
    this.state = state;
    this.arbiter = arbiter;
  }

  map(p: number, chunk: OpChunk, i: number): void {
    const { table, rules, overlay } = this.state;
    const id = this.numberOf(p, chunk, i);
    if (this.open.has(id)) return;
    this.open.add(id);
    const first = rules.granuleOf(p, chunk.first[i]);
    const last = rules.granuleOf(p, chunk.last[i]);
    table.grant(overlay.pcpus + p, table.of(chunk.res[i]), first, last, 0, MAPPING, id);
  }

  unmap(p: number, chunk: OpChunk, i: number, time: number): void {
    const { table } = this.state;
    const id = this.numberOf(p, chunk, i);
    if (!this.open.delete(id)) return;
    const claims = table.of(chunk.res[i]);
    for (let k = 0; k < claims.held; k++) {
      if (claims.mapping[k] !== id) continue;
      table.takeBack(claims, k);
      break;
    }
    this.arbiter.wake(claims, time);
  }

  /** Breaks those in a p2m, as nobody could go on; returns how many there were. */
  break(res: number, time: number): number {
    const { table, tally } = this.state;
    const claims = table.of(res);
    let broken = 0;
    for (let k = claims.held - 1; k >= 0; k--) {
      if (claims.mapping[k] < 0) continue;
      this.open.delete(claims.mapping[k]);
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
