import { Arbiter } from './arbiter.js';
import { RECORDED, WHOLE_P2M } from './claim-rules.js';
import { Deadlocks } from './deadlocks.js';
import type { LockDesign } from './design.js';
import { ExperimentState } from './experiment-state.js';
import { MappingClaims } from './mapping-claims.js';
import {
  CHUNK_OPS,
  OP_BEGIN,
  OP_CLAIM,
  OP_END,
  OP_KEPT,
  OP_LOCK,
  OP_MAP,
  OP_SHARED,
  OP_TICK,
  OP_UNLOCK,
  type OpChunk,
  type OpStream,
} from './op-stream.js';
import type { Overlay } from './overlay.js';
import { RecordedOrder } from './recorded-order.js';
import type { WatchSections } from './section-run.js';
import { SectionSteps } from './section-steps.js';
import type { Tally } from './tally.js';

const MASK = CHUNK_OPS - 1;

export interface SimulationOptions {
  readonly design: LockDesign;
  readonly streams: readonly OpStream[];
  readonly overlay: Overlay;
  /** Mappings keep their claim as long as they are there. */
  readonly keepsMappings?: boolean;
  readonly watch?: WatchSections | undefined;
}

/**
 * Discrete events: pcpus do their operations in order, each taking as long as recorded; what they claim of p2ms is
 * granted as the design says, locks of other classes as recorded, first come, first served.
 */
export class Simulation {
  readonly tally: Tally;
  private readonly state: ExperimentState;
  private readonly arbiter: Arbiter;
  private readonly deadlocks: Deadlocks;
  private readonly order: RecordedOrder;
  private readonly sections: SectionSteps;
  /** Undefined where mappings claim nothing. */
  private readonly mappings: MappingClaims | undefined;

  constructor({ design, streams, overlay, keepsMappings = false, watch }: SimulationOptions) {
    const state = new ExperimentState(design, streams, overlay);
    this.state = state;
    this.tally = state.tally;
    this.arbiter = new Arbiter(state);
    this.deadlocks = new Deadlocks(state, this.arbiter);
    this.order = new RecordedOrder(state, this.arbiter);
    this.sections = new SectionSteps(state, this.arbiter, this.order, watch);
    this.mappings = keepsMappings && state.rules.how >= WHOLE_P2M ? new MappingClaims(state, this.arbiter) : undefined;
  }

  /** Granules claimed at once, at most. */
  get peakGranules(): number {
    return this.state.table.peak;
  }

  /** The first operation of a stream that is still needed. */
  needed(stream: number): number {
    const { clock, stacks, overlay } = this.state;
    let least = Number.POSITIVE_INFINITY;
    for (let p = stream; p < overlay.pcpus; p += overlay.streams) {
      least = Math.min(least, stacks.depth[p] > 0 ? stacks.at[stacks.bottom(p)] : clock.at[p]);
    }
    return least;
  }

  /** Goes on as far as the operations that are ready tell. */
  run(): void {
    const { clock } = this.state;
    do {
      for (let p = clock.next(); p >= 0; p = clock.next()) this.step(p);
    } while (clock.queue.size === 0 && this.breakStandstill());
  }

  /** Does the operation of the pcpu that is due first. */
  private step(p: number): void {
    const { clock, tally, rules } = this.state;
    const place = clock.at[p];
    const i = place & MASK;
    const time = clock.queue.time[p];
    const chunk = clock.take(p, time);
    const kind = chunk.kind[i];
    if (kind !== OP_TICK && time > tally.makespan) tally.makespan = time;
    if (this.does(p, kind, chunk, i, time, place)) clock.goOn(p);
    else if (rules.how !== RECORDED) this.deadlocks.look(p, time, kind === OP_BEGIN);
  }

  /** False if the pcpu has to wait. */
  private does(p: number, kind: number, chunk: OpChunk, i: number, time: number, place: number): boolean {
    switch (kind) {
      case OP_TICK:
        return true;
      case OP_LOCK:
        return this.lock(p, chunk, i, time);
      case OP_BEGIN:
        if ((chunk.flags[i] & OP_KEPT) !== 0) return this.lock(p, chunk, i, time);
        return this.sections.begin(p, chunk, i, time, place);
      case OP_CLAIM:
        return this.sections.claim(p, chunk, i, time);
      case OP_END: {
        const d = this.state.stacks.find(p, chunk.res[i]);
        if (d < 0) this.unlock(p, chunk, i, time);
        else this.sections.end(p, chunk, i, time, d);
        return true;
      }
      case OP_UNLOCK:
        this.unlock(p, chunk, i, time);
        return true;
      case OP_MAP:
        this.mappings?.map(p, chunk, i, time);
        return true;
      default:
        this.mappings?.unmap(p, chunk, i, time);
        return true;
    }
  }

  /** Takes a lock of another class. */
  private lock(p: number, chunk: OpChunk, i: number, time: number): boolean {
    const { locks, rules, table } = this.state;
    const res = chunk.res[i];
    locks.push(p, res);
    if (rules.how === RECORDED) return this.order.take(p, chunk, i, time, false);
    const writes = (chunk.flags[i] & OP_SHARED) === 0 ? 1 : 0;
    return this.arbiter.ask(p, table.of(res), chunk, i, time, 0, 0, writes, false);
  }

  private unlock(p: number, chunk: OpChunk, i: number, time: number): void {
    const { locks, stacks, rules } = this.state;
    const place = locks.remove(p, chunk.res[i]);
    if (place >= 0 && stacks.depth[p] > 0) stacks.lockGone(p, place);
    if (rules.how === RECORDED) this.order.giveBack(chunk, i, time);
    else this.arbiter.release(p, chunk.res[i], time);
  }

  /** Nobody can go on: mappings that are in the way are broken, or else one gets what it waits for. True if anybody waited. */
  private breakStandstill(): boolean {
    const { requests, clock, tally, rules } = this.state;
    const p = requests.waiting.indexOf(1);
    if (p < 0) return false;
    const time = Math.max(tally.makespan, ...clock.now);
    if (this.mappings !== undefined) {
      for (let v = p; v >= 0; v = requests.waiting.indexOf(1, v + 1)) {
        if (this.mappings.break(requests.res[v], time) > 0) return true;
      }
    }
    if (rules.how === RECORDED) this.order.skip(p, time);
    else this.arbiter.force(p, time);
    return true;
  }
}
