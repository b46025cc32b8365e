import { FLAG } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../batch/replay-batch.js';
import { mfnOf } from '../batch/row-values.js';
import type { XenState } from '../state/xen-state.js';
import { isAllocated, knowsCount, slotOf } from './known-pages.js';
import { KnownTypes } from './known-types.js';
import type { RunningCheck } from './running-check.js';

/**
 * Partial page tables of dying domains. relinquish_memory (xen/arch/x86/domain.c) takes a reference, drops the
 * allocation's where it is there, takes PGT_partial and its type count out of type_info by itself, which no event tells,
 * and drops two references one right after the other: PGT_partial's and its own. Where it is preempted it drops only one
 * of them, and comes again. So two drops in a row, by a pcpu that took a reference since the page is partial, and after
 * PGC_allocated was cleared, say that the type is gone.
 */
export class RelinquishedTypes implements RunningCheck {
  private readonly state: XenState;
  private readonly types: KnownTypes;
  /** Partial frame → pcpus that took a reference since it is. */
  private readonly takers = new Map<number, Set<number>>();
  private readonly gone = new Set<number>();
  /** By pcpu: the frame that its last reference event was about, if that was such a drop; else -1. */
  private readonly lastDrop: number[] = [];
  /** Before the event the allocation's reference was there. */
  private wasAllocated = false;

  constructor(state: XenState) {
    this.state = state;
    this.types = new KnownTypes(state.pages, state.profile);
  }

  /** The type count that the state has of the frame is not there any more. */
  has(mfn: number): boolean {
    return this.gone.has(mfn);
  }

  readonly before = {
    put_page: (batch: ReplayBatch, row: number) => {
      if (this.takers.size === 0) return;
      const { pages } = this.state;
      const slot = slotOf(pages, mfnOf(batch, row));
      this.wasAllocated = slot !== 0 && knowsCount(pages, slot) && isAllocated(pages, slot);
    },
  };

  readonly after = {
    get_type: (batch: ReplayBatch, row: number) => this.typed(batch, row),
    put_type: (batch: ReplayBatch, row: number) => this.typed(batch, row),
    snapshot: (batch: ReplayBatch, row: number) => this.typed(batch, row),
    get_page: (batch: ReplayBatch, row: number) => {
      const isLight = (batch.columns.flags[row] & FLAG.light) !== 0;
      if (this.takers.size === 0 && !isLight) return;
      const pcpu = batch.columns.pcpu[row];
      const mfn = mfnOf(batch, row);
      const takers = this.takers.get(mfn);
      this.lastDrop[pcpu] = -1;
      // get_page_light() is for PGT_partial: of a put_type that was preempted this is all that is told.
      if (takers === undefined && isLight) this.takers.set(mfn, new Set());
      else if ((batch.columns.flags[row] & FLAG.failed) === 0) takers?.add(pcpu);
    },
    put_page: (batch: ReplayBatch, row: number) => {
      if (this.takers.size === 0) return;
      const mfn = mfnOf(batch, row);
      const pcpu = batch.columns.pcpu[row];
      // put_page_alloc_ref, which clears PGC_allocated, ends in a put_page too.
      const isDrop = !this.wasAllocated && this.takers.get(mfn)?.has(pcpu) === true;
      if (isDrop && this.lastDrop[pcpu] === mfn) this.gone.add(mfn);
      this.lastDrop[pcpu] = isDrop ? mfn : -1;
    },
    page_free: (batch: ReplayBatch, row: number) => this.settle(mfnOf(batch, row)),
    page_alloc: (batch: ReplayBatch, row: number) => this.settle(mfnOf(batch, row)),
  };

  /** Whoever writes the type tells whether the page is partial. */
  private typed(batch: ReplayBatch, row: number): void {
    const mfn = mfnOf(batch, row);
    if (mfn < 0) return;
    this.lastDrop[batch.columns.pcpu[row]] = -1;
    const slot = slotOf(this.state.pages, mfn);
    if (slot === 0 || !this.types.isKnown(slot) || !this.types.isPartial(slot)) this.settle(mfn);
    else if (!this.takers.has(mfn)) this.takers.set(mfn, new Set());
  }

  private settle(mfn: number): void {
    if (this.takers.size > 0 && this.takers.delete(mfn)) this.gone.delete(mfn);
  }

  readonly forget = (): void => {
    this.takers.clear();
    this.gone.clear();
    this.lastDrop.length = 0;
  };
}
