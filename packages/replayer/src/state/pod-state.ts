import { isValid, P2M_TYPE } from '@p2mtrace/trace-format';
import type { EventState } from '../batch/handlers.js';
import type { ReplayBatch } from '../batch/replay-batch.js';
import { ABSENT, gfnOf, mfnOf, signedArg0Of, signedArg1Of } from '../batch/row-values.js';
import { DIVERGES } from '../facts/fact-specs.js';
import { FrameRecords } from '../memory/frame-records.js';
import { alignDown, framesOf } from '../memory/order.js';
import type { StateImage } from '../memory/state-image.js';
import { NO_MFN } from '../tables/p2m-table.js';
import { MAX_PAGE_ORDER } from '../tables/page-table.js';
import { HOST, type P2mSet } from './p2m-set.js';
import type { ReplayContext } from './replay-context.js';

const RAM_RW = P2M_TYPE.ram_rw;
const POPULATE_ON_DEMAND = P2M_TYPE.populate_on_demand;
export const ORDER_2M = 9;

/** Populate-on-demand of one domain (docs/xen.md#pod-cache). NaN is unknown. */
export class PodDomain {
  /** Pages in the cache, and the event that recorded it last. */
  count = Number.NaN;
  countSeq = Number.NaN;
  /** p2m slots marked PoD; a `long`, which errors take below 0 (XSA-247). */
  entryCount = Number.NaN;
  /** What reclaims will add to entryCount, once the page they freed reaches the cache. */
  pending = 0;
  /** Events by order. */
  readonly populated = new Map<number, number>();
  readonly reclaimed = new Map<number, number>();
  readonly splintered = new Map<number, number>();

  transfer(image: StateImage): void {
    this.count = image.number('count', this.count);
    this.countSeq = image.number('countSeq', this.countSeq);
    this.entryCount = image.number('entryCount', this.entryCount);
    this.pending = image.number('pending', this.pending);
    image.map('populated', this.populated);
    image.map('reclaimed', this.reclaimed);
    image.map('splintered', this.splintered);
  }
}

/** Populate-on-demand: counts by domain, and the cache that each frame is in. */
export class PodState implements EventState {
  readonly domains = new Map<number, PodDomain>();
  /** mfn → domid of the cache that it is in. */
  readonly cache = new FrameRecords(1);
  private readonly context: ReplayContext;
  private readonly p2ms: P2mSet;

  constructor(context: ReplayContext, p2ms: P2mSet) {
    this.context = context;
    this.p2ms = p2ms;
  }

  readonly handlers = {
    pod_cache_add: (batch: ReplayBatch, row: number) => this.move(batch, row, 1),
    pod_cache_get: (batch: ReplayBatch, row: number) => this.move(batch, row, -1),
    pod_populate: (batch: ReplayBatch, row: number) => this.populate(batch, row),
    pod_zero_reclaim: (batch: ReplayBatch, row: number) => this.reclaim(batch, row),
    pod_splinter: (batch: ReplayBatch, row: number) => this.splinter(batch, row),
    snapshot_pod: (batch: ReplayBatch, row: number) => this.snapshot(batch, row),
  };

  private of(domid: number): PodDomain {
    let pod = this.domains.get(domid);
    if (pod === undefined) {
      pod = new PodDomain();
      this.domains.set(domid, pod);
    }
    return pod;
  }

  /** pod_cache_add, pod_cache_get */
  private move(batch: ReplayBatch, row: number, sign: 1 | -1): void {
    const order = batch.columns.order[row];
    const mfn = mfnOf(batch, row);
    if (!this.context.inRange(ABSENT, mfn, order, MAX_PAGE_ORDER)) return;
    const pod = this.of(batch.columns.domid[row]);
    this.count(batch, row, pod, sign * framesOf(order));
    const entryCount = signedArg1Of(batch, row);
    if (!Number.isNaN(entryCount)) pod.entryCount = entryCount;
    if (sign > 0) {
      // The reclaim that ends here raises entry_count after it has added the page (docs/xen.md#pod-cache).
      pod.entryCount += pod.pending;
      pod.pending = 0;
      this.join(batch.columns.domid[row], mfn, order);
    } else {
      this.leave(mfn, order);
    }
  }

  private count(batch: ReplayBatch, row: number, pod: PodDomain, by: number): void {
    const expected = pod.count + by;
    const recorded = signedArg0Of(batch, row);
    if (!Number.isNaN(recorded) && !Number.isNaN(expected) && recorded !== expected) {
      this.context.diverge(batch, row, DIVERGES.pod_count, expected, recorded, pod.countSeq);
    }
    pod.count = Number.isNaN(recorded) ? expected : recorded;
    pod.countSeq = this.context.now.seq;
  }

  private populate(batch: ReplayBatch, row: number): void {
    const { domid, order } = batch.columns;
    const mfn = mfnOf(batch, row);
    const gfn = gfnOf(batch, row);
    if (!this.p2ms.inRange(gfn, mfn, order[row], MAX_PAGE_ORDER)) return;
    const pod = this.of(domid[row]);
    raise(pod.populated, order[row]);
    pod.entryCount -= framesOf(order[row]);
    // The gfn is the one that faulted, the mfn that of the chunk (docs/format.md).
    this.implyEntry(domid[row], gfn, mfn, order[row], RAM_RW);
    this.leave(mfn, order[row]);
  }

  private reclaim(batch: ReplayBatch, row: number): void {
    const { domid, order } = batch.columns;
    const gfn = gfnOf(batch, row);
    const mfn = reclaimedMfn(batch, row);
    if (mfn < 0) this.context.outOfRange++;
    if (mfn < 0 || !this.context.inRange(gfn, mfn, order[row], MAX_PAGE_ORDER)) return;
    const pod = this.of(domid[row]);
    raise(pod.reclaimed, order[row]);
    if (this.context.hasPodCache) pod.pending += framesOf(order[row]);
    else pod.entryCount += framesOf(order[row]);
    this.implyEntry(domid[row], gfn, NO_MFN, order[row], POPULATE_ON_DEMAND);
    this.join(domid[row], mfn, order[row]);
  }

  private splinter(batch: ReplayBatch, row: number): void {
    const { domid, order } = batch.columns;
    const gfn = gfnOf(batch, row);
    if (!this.context.inRange(gfn, ABSENT, order[row], MAX_PAGE_ORDER)) return;
    raise(this.of(domid[row]).splintered, order[row]);
    if (this.context.hasResults) return;
    const table = this.p2ms.find(domid[row], HOST);
    if (table?.find(gfn) && table.typeAt(gfn) === POPULATE_ON_DEMAND) table.splitAt(gfn, 0);
  }

  /**
   * The host entry that a record implies. Xen writes these records whether or not its set_entry succeeded (XSA-247), so
   * if results are recorded, only those count.
   */
  private implyEntry(domid: number, gfn: number, mfn: number, order: number, type: number): void {
    if (this.context.hasResults) return;
    this.p2ms.imply(this.p2ms.of(domid, HOST), alignDown(gfn, order), mfn, order, type);
  }

  private snapshot(batch: ReplayBatch, row: number): void {
    const { domid, order } = batch.columns;
    const mfn = mfnOf(batch, row);
    if (!this.context.inRange(ABSENT, mfn, order[row], MAX_PAGE_ORDER)) return;
    const pod = this.of(domid[row]);
    const count = signedArg0Of(batch, row);
    const entryCount = signedArg1Of(batch, row);
    if (!Number.isNaN(count)) {
      pod.count = count;
      pod.countSeq = Number.NaN;
    }
    if (!Number.isNaN(entryCount)) pod.entryCount = entryCount;
    if (mfn >= 0) this.join(domid[row], mfn, order[row]);
    else if (isValid(batch.validity.order, row)) pod.pending += framesOf(order[row]);
  }

  private join(domid: number, mfn: number, order: number): void {
    const end = mfn + framesOf(order);
    for (let frame = mfn; frame < end; frame++) {
      const at = this.cache.make(frame);
      this.cache.data[at] = domid;
    }
  }

  /** The frames are no longer in any cache. */
  leave(mfn: number, order: number): void {
    if (this.cache.size === 0) return;
    const end = mfn + framesOf(order);
    for (let frame = mfn; frame < end; frame++) this.cache.remove(frame);
  }

  forget(): void {
    this.cache.clear();
    for (const pod of this.domains.values()) {
      pod.count = Number.NaN;
      pod.entryCount = Number.NaN;
      pod.pending = 0;
    }
  }

  forgetDomain(domid: number): void {
    this.domains.delete(domid);
    this.cache.forEach((mfn, at) => {
      if (this.cache.data[at] === domid) this.cache.remove(mfn);
    });
  }

  transfer(image: StateImage): void {
    image.partsByKey('domains', this.domains, () => new PodDomain());
    image.part('cache', this.cache);
  }
}

/**
 * First frame of a pod_zero_reclaim: a 2M record has the mfn of the last one (docs/xen.md#pod-record-frames). Negative
 * for damage.
 */
export function reclaimedMfn(batch: ReplayBatch, row: number): number {
  const mfn = mfnOf(batch, row);
  return batch.columns.order[row] === ORDER_2M ? mfn - (framesOf(ORDER_2M) - 1) : mfn;
}

function raise(counts: Map<number, number>, order: number): void {
  counts.set(order, (counts.get(order) ?? 0) + 1);
}
