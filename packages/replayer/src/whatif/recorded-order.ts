import type { Arbiter } from './arbiter.js';
import type { ExperimentState } from './experiment-state.js';
import { OP_SHARED, type OpChunk } from './op-stream.js';

/** Locks as they were recorded: each is taken in its recorded order. */
export class RecordedOrder {
  private readonly state: ExperimentState;
  private readonly arbiter: Arbiter;
  /** By lock: holds given back, all and those for writing. */
  private readonly given: number[] = [];
  private readonly givenWrites: number[] = [];
  /** By p2m lock: call site of the last holder. */
  private readonly lastSites: number[] = [];
  /** By pcpu: how many holds must have been given back before it has what it waits for. */
  private readonly need: Float64Array;
  private readonly shared: Uint8Array;

  constructor(state: ExperimentState, arbiter: Arbiter) {
    this.state = state;
    this.arbiter = arbiter;
    this.need = new Float64Array(state.overlay.pcpus);
    this.shared = new Uint8Array(state.overlay.pcpus);
  }

  /** False if the pcpu has to wait: its turn has not come, or handing over takes its time. */
  take(p: number, chunk: OpChunk, i: number, time: number, isP2m: boolean): boolean {
    const { requests, table } = this.state;
    const res = chunk.res[i];
    const shared = (chunk.flags[i] & OP_SHARED) !== 0;
    requests.res[p] = res;
    requests.since[p] = time;
    requests.handoff[p] = chunk.handoff[i];
    requests.isP2m[p] = isP2m ? 1 : 0;
    requests.site[p] = chunk.site[i];
    requests.blamed[p] = this.lastSites[res] ?? -1;
    if (this.isDue(res, chunk.need[i], shared)) {
      if (isP2m) this.lastSites[res] = chunk.site[i];
      if (chunk.handoff[i] === 0) return true;
      this.arbiter.stop(p, time);
      this.arbiter.resume(p, time);
      return false;
    }
    this.need[p] = chunk.need[i];
    this.shared[p] = shared ? 1 : 0;
    table.of(res).waiters.push(p);
    this.arbiter.stop(p, time);
    return false;
  }

  giveBack(chunk: OpChunk, i: number, time: number): void {
    const { requests, table } = this.state;
    const res = chunk.res[i];
    this.given[res] = (this.given[res] ?? 0) + 1;
    if ((chunk.flags[i] & OP_SHARED) === 0) this.givenWrites[res] = (this.givenWrites[res] ?? 0) + 1;
    const { waiters } = table.of(res);
    for (let k = 0; k < waiters.length; k++) {
      const v = waiters[k];
      if (!this.isDue(res, this.need[v], this.shared[v] !== 0)) continue;
      waiters.splice(k--, 1);
      if (requests.isP2m[v] !== 0) this.lastSites[res] = requests.site[v];
      this.arbiter.resume(v, time);
    }
  }

  /** Lets a pcpu go on though its turn has not come. */
  skip(p: number, time: number): void {
    this.state.tally.forced++;
    const { waiters } = this.state.table.of(this.state.requests.res[p]);
    waiters.splice(waiters.indexOf(p), 1);
    this.arbiter.resume(p, time);
  }

  private isDue(res: number, need: number, shared: boolean): boolean {
    return ((shared ? this.givenWrites[res] : this.given[res]) ?? 0) >= need;
  }
}
