import type { EventState } from '../batch/handlers.js';
import type { ReplayBatch } from '../batch/replay-batch.js';
import { domidOfKey, p2mKey } from '../memory/keys.js';
import type { StateImage } from '../memory/state-image.js';
import type { ReplayContext } from './replay-context.js';

/** Flushes that are due (docs/xen.md#deferred-flush): translations on other pcpus may be older than the p2m. */
export class TlbState implements EventState {
  /** p2mKey → seq of the first deferred flush since the last flush, NaN for before the trace. */
  readonly deferred = new Map<number, number>();
  private readonly context: ReplayContext;

  constructor(context: ReplayContext) {
    this.context = context;
  }

  readonly handlers = {
    tlb_flush: ({ columns: c }: ReplayBatch, row: number) => {
      this.deferred.delete(p2mKey(c.domid[row], c.view[row]));
    },
    tlb_flush_deferred: (batch: ReplayBatch, row: number) => this.defer(batch, row, this.context.now.seq),
    snapshot_tlb: (batch: ReplayBatch, row: number) => this.defer(batch, row, Number.NaN),
  };

  private defer({ columns: c }: ReplayBatch, row: number, seq: number): void {
    const key = p2mKey(c.domid[row], c.view[row]);
    if (!this.deferred.has(key)) this.deferred.set(key, seq);
  }

  forget(): void {
    this.deferred.clear();
  }

  forgetDomain(domid: number): void {
    for (const key of this.deferred.keys()) if (domidOfKey(key) === domid) this.deferred.delete(key);
  }

  transfer(image: StateImage): void {
    image.map('deferred', this.deferred);
  }
}
