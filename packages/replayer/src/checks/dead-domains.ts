import type { P2mSet } from '../state/p2m-set.js';
import type { XenState } from '../state/xen-state.js';

/** Which domains the trace shows to be gone. */
export class DeadDomains {
  private readonly state: XenState;
  private readonly p2ms: P2mSet;
  /** By domid: when the last page was freed that its p2m mapped. */
  private readonly mappedFree = new Map<number, number>();

  constructor(state: XenState, p2ms: P2mSet) {
    this.state = state;
    this.p2ms = p2ms;
  }

  /** A page is about to be freed. */
  freed(mfn: number, seq: number): void {
    const mapped = this.p2ms.stillMapped(mfn);
    if (mapped !== undefined) this.mappedFree.set(mapped.domid, seq);
  }

  /** The trace shows its end, or pages that its p2m mapped going with nobody using it afterwards. */
  has(domid: number): boolean {
    const { health, lastP2mSeq } = this.state;
    return health.wasDestroyed(domid) || (this.mappedFree.get(domid) ?? Number.NaN) > lastP2mSeq[domid];
  }
}
