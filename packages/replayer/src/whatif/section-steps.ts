import type { Arbiter } from './arbiter.js';
import { AS_RECORDED, NOT, RANGES, RECORDED, WHOLE_P2M } from './claim-rules.js';
import type { ExperimentState } from './experiment-state.js';
import { OP_SHARED, OP_UNRECORDED, OP_WHOLE, OP_WRITES, type OpChunk } from './op-stream.js';
import type { RecordedOrder } from './recorded-order.js';
import type { WatchSections } from './section-run.js';

/** What sections do: begin, claim, end. */
export class SectionSteps {
  private readonly state: ExperimentState;
  private readonly arbiter: Arbiter;
  private readonly order: RecordedOrder;
  private readonly watch: WatchSections | undefined;

  constructor(state: ExperimentState, arbiter: Arbiter, order: RecordedOrder, watch: WatchSections | undefined) {
    this.state = state;
    this.arbiter = arbiter;
    this.order = order;
    this.watch = watch;
  }

  /** False if the pcpu has to wait, here and below. */
  begin(p: number, chunk: OpChunk, i: number, time: number, place: number): boolean {
    const { stacks, locks, restarts, rules, tally } = this.state;
    const flags = chunk.flags[i];
    const isOuter = stacks.depth[p] === 0;
    const isAgain = isOuter && restarts.again[p] !== 0;
    const d = stacks.top(p);
    stacks.res[d] = chunk.res[i];
    stacks.wait[d] = restarts.carried[p];
    restarts.carried[p] = 0;
    stacks.writes[d] = flags & OP_WRITES;
    stacks.site[d] = chunk.site[i];
    stacks.since[d] = isAgain ? restarts.since[p] : time;
    stacks.seq[d] = chunk.seq[i];
    stacks.at[d] = place;
    stacks.locks[d] = locks.count[p];
    stacks.depth[p]++;
    if (isOuter) tally.meter.change(time, 1, 1);
    if (rules.how === NOT) return true;
    if (rules.how <= AS_RECORDED && (flags & OP_UNRECORDED) !== 0) return true;
    if (rules.how === RECORDED) return this.order.take(p, chunk, i, time, true);
    const writes = this.mode(p, flags, flags);
    if (isAgain && rules.how === RANGES) {
      return this.ask(p, chunk, i, time, restarts.first[p], restarts.last[p], writes);
    }
    return this.want(p, chunk, i, time, writes);
  }

  claim(p: number, chunk: OpChunk, i: number, time: number): boolean {
    const { stacks, rules } = this.state;
    if (rules.how < WHOLE_P2M || (rules.how === WHOLE_P2M && !rules.converts)) return true;
    const d = stacks.find(p, chunk.res[i]);
    if (d < 0) return true;
    const isChange = rules.converts && (chunk.flags[i] & OP_WRITES) !== 0;
    const writes = isChange ? 1 : this.mode(p, chunk.flags[i], stacks.writes[d]);
    return this.want(p, chunk, i, time, writes);
  }

  end(p: number, chunk: OpChunk, i: number, time: number, d: number): void {
    const { stacks, restarts, rules, tally } = this.state;
    const wait = stacks.wait[d];
    tally.sections++;
    if (wait > 0) tally.waits.add(wait);
    this.watch?.({
      pcpu: p,
      seq: stacks.seq[d],
      site: stacks.site[d],
      begin: stacks.since[d],
      end: time,
      wait,
      writes: stacks.writes[d] !== 0,
    });
    stacks.remove(p, d);
    if (stacks.depth[p] === 0) {
      tally.meter.change(time, -1, -1);
      restarts.again[p] = 0;
    }
    if (rules.how === RECORDED) {
      if ((chunk.flags[i] & OP_UNRECORDED) === 0) this.order.giveBack(chunk, i, time);
    } else if (rules.how !== NOT) this.arbiter.release(p, chunk.res[i], time);
  }

  /** Whether a claim is for writing, by its own flags and those of its section. */
  private mode(p: number, flags: number, section: number): number {
    const { rules, restarts } = this.state;
    if (rules.writesAlways) return 1;
    if (rules.how === AS_RECORDED) return (flags & OP_SHARED) === 0 ? 1 : 0;
    return (rules.declares || restarts.again[p] !== 0) && (section & OP_WRITES) !== 0 ? 1 : 0;
  }

  /** Claims what the operation is about, unless the pcpu has it. */
  private want(p: number, chunk: OpChunk, i: number, time: number, writes: number): boolean {
    const { rules } = this.state;
    if ((chunk.flags[i] & OP_WHOLE) !== 0 && rules.how === RANGES) {
      return this.ask(p, chunk, i, time, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, writes);
    }
    const first = rules.granuleOf(p, chunk.first[i]);
    return this.ask(p, chunk, i, time, first, rules.granuleOf(p, chunk.last[i]), writes);
  }

  private ask(
    p: number,
    chunk: OpChunk,
    i: number,
    time: number,
    first: number,
    last: number,
    writes: number,
  ): boolean {
    const claims = this.state.table.of(chunk.res[i]);
    return this.arbiter.ask(p, claims, chunk, i, time, first, last, writes, true);
  }
}
