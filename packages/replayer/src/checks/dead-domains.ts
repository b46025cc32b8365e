import type { CurrentEvent } from '../batch/current-event.js';
import type { ReplayBatch } from '../batch/replay-batch.js';
import type { P2mSet } from '../state/p2m-set.js';
import type { XenState } from '../state/xen-state.js';
import { forEachFrame } from './frames.js';
import type { RunningCheck } from './running-check.js';

/** Which domains the trace shows to be gone. */
export class DeadDomains implements RunningCheck {
  private readonly state: XenState;
  private readonly p2ms: P2mSet;
  private readonly now: CurrentEvent;
  /** By domid: when the last page was freed that its p2m mapped. */
  private readonly mappedFree = new Map<number, number>();

  constructor(state: XenState, p2ms: P2mSet, now: CurrentEvent) {
    this.state = state;
    this.p2ms = p2ms;
    this.now = now;
  }

  readonly before = {
    page_free: (batch: ReplayBatch, row: number) => forEachFrame(batch, row, this.freed),
  };

  private readonly freed = (mfn: number): void => {
    const domid = this.p2ms.mapperOf(mfn);
    if (domid >= 0) this.mappedFree.set(domid, this.now.seq);
  };

  /** The trace shows its end, or pages that its p2m mapped going with nobody using it afterwards. */
  has(domid: number): boolean {
    const { health, lastP2mSeq } = this.state;
    return health.wasDestroyed(domid) || (this.mappedFree.get(domid) ?? Number.NaN) > lastP2mSeq[domid];
  }
}
