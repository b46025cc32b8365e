import { ClaimRules } from './claim-rules.js';
import { ClaimTable } from './claim-table.js';
import type { LockDesign } from './design.js';
import { HeldLocks } from './held-locks.js';
import type { OpStream } from './op-stream.js';
import type { Overlay } from './overlay.js';
import { PcpuClock } from './pcpu-clock.js';
import { Requests } from './requests.js';
import { Restarts } from './restarts.js';
import { SectionStacks } from './section-stacks.js';
import { Tally } from './tally.js';

/** All that an experiment with a design knows at a time. */
export class ExperimentState {
  readonly overlay: Overlay;
  readonly rules: ClaimRules;
  readonly clock: PcpuClock;
  readonly requests: Requests;
  readonly table: ClaimTable;
  readonly stacks: SectionStacks;
  readonly locks: HeldLocks;
  readonly restarts: Restarts;
  readonly tally = new Tally();

  constructor(design: LockDesign, streams: readonly OpStream[], overlay: Overlay) {
    const { pcpus } = overlay;
    const isAsRecorded = pcpus === streams.length && overlay.shifts.length === 1;
    this.overlay = overlay;
    this.rules = new ClaimRules(design, overlay, isAsRecorded);
    this.clock = new PcpuClock(streams, overlay);
    this.requests = new Requests(pcpus);
    this.table = new ClaimTable(this.requests, this.rules);
    this.stacks = new SectionStacks(pcpus);
    this.locks = new HeldLocks(pcpus);
    this.restarts = new Restarts(pcpus);
  }
}
