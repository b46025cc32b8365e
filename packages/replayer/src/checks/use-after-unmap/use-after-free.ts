import { FLAG } from '@p2mtrace/trace-format';
import type { Handlers } from '../../batch/handlers.js';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { domidOf, hasFailed, mfnOf, ownerOf } from '../../batch/row-values.js';
import { isUse } from '../../facts/translation-facts.js';
import { FrameRecords } from '../../memory/frame-records.js';
import { MAX_FRAME } from '../../memory/frame-table.js';
import { framesOf } from '../../memory/order.js';
import { MAX_ENTRY_ORDER } from '../../state/p2m-set.js';
import type { Check } from '../check.js';
import type { CheckScope, MakeCheck } from '../check-scope.js';
import { forEachFrame, isFree, slotOf } from '../known-pages.js';

/** Of a frame that was freed: when, and which pcpu allocated it anew. */
const FREED_SEQ = 0;
const ALLOC_PCPU = 1;

/**
 * use-after-unmap.use-after-free: a frame is used, or mapped, while it is free; or it is used by a pcpu that knows it
 * from before it was freed and allocated anew.
 */
export const useAfterFree: MakeCheck = scope => new UseAfterFree(scope);

class UseAfterFree implements Check {
  private readonly scope: CheckScope;
  private readonly freed = new FrameRecords(2);
  /** By domid: 1 where the trace has shown it to own a page. */
  private readonly owns = new Uint8Array(0x1_0000);
  private readonly isControl: ReadonlySet<number>;
  readonly before: Handlers = {};
  readonly after: Handlers = {};

  constructor(scope: CheckScope) {
    this.scope = scope;
    this.isControl = new Set(scope.head.metadata.controlDomains);
    if (!scope.records('page_free')) return;
    this.before.set_entry = (batch, row) => this.map(batch, row);
    this.before.owner_set = (batch, row) => this.noteOwner(batch, row);
    this.after.page_alloc = (batch, row) => {
      this.noteOwner(batch, row);
      if (this.freed.size > 0) forEachFrame(batch, row, mfn => this.allocated(mfn));
    };
    if (!scope.records('page_use')) return;
    this.before.page_use = (batch, row) => this.use(batch, row);
    this.before.page_free = (batch, row) => forEachFrame(batch, row, mfn => this.free(mfn));
  }

  private noteOwner(batch: ReplayBatch, row: number): void {
    const owner = ownerOf(batch, row);
    if (owner >= 0) this.owns[owner] = 1;
  }

  private free(mfn: number): void {
    const at = this.freed.make(mfn);
    this.freed.data[at + FREED_SEQ] = this.scope.now.seq;
  }

  private allocated(mfn: number): void {
    const at = this.freed.find(mfn);
    if (at >= 0) this.freed.data[at + ALLOC_PCPU] = this.scope.now.pcpu;
  }

  /** A control domain whose allocations nobody records has pages that seem to be free. */
  private isRecorded(domid: number): boolean {
    return domid < 0 || this.owns[domid] === 1 || !this.isControl.has(domid);
  }

  private map(batch: ReplayBatch, row: number): void {
    const { columns: c } = batch;
    const first = mfnOf(batch, row);
    const order = c.order[row];
    if (first < 0 || first >= MAX_FRAME || order > MAX_ENTRY_ORDER || hasFailed(batch, row)) return;
    if ((c.flags[row] & FLAG.attempt) !== 0 || !this.isRecorded(c.domid[row])) return;
    const { pages } = this.scope.state;
    const end = first + framesOf(order);
    for (let mfn = first; mfn < end; mfn++) {
      const slot = slotOf(pages, mfn);
      if (slot !== 0 && isFree(pages, slot)) this.report(mfn, c.domid[row], [-1, pages.lifeSeq[slot], -1]);
    }
  }

  private use(batch: ReplayBatch, row: number): void {
    const { pages, facts } = this.scope.state;
    const mfn = mfnOf(batch, row);
    const domid = domidOf(batch, row);
    const slot = slotOf(pages, mfn);
    if (slot === 0 || !isUse(batch.columns.flags[row]) || !this.isRecorded(domid)) return;
    const looked = facts?.translations?.lookupSeq(mfn) ?? Number.NaN;
    if (isFree(pages, slot)) {
      this.report(mfn, domid, [looked, pages.lifeSeq[slot], -1]);
      return;
    }
    const at = this.freed.find(mfn);
    if (at < 0) return;
    const freed = this.freed.data[at + FREED_SEQ];
    const allocatedHere = this.freed.data[at + ALLOC_PCPU] === this.scope.now.pcpu;
    if (!(looked < freed && freed < pages.lifeSeq[slot]) || allocatedHere || this.holdsReference(slot)) return;
    this.report(mfn, domid, [looked, freed, pages.lifeSeq[slot]]);
  }

  private holdsReference(slot: number): boolean {
    let holds = false;
    this.scope.state.facts?.refs?.forEachReference(slot, pcpu => {
      holds ||= pcpu === this.scope.now.pcpu;
    });
    return holds;
  }

  /** `seqs` of the lookup, the free and the allocation after it. */
  private report(mfn: number, domid: number, seqs: number[]): void {
    this.scope.report({ breach: 'use-after-free', mfn, domid, at: [...seqs, this.scope.now.seq] });
  }

  readonly forget = (): void => this.freed.clear();
}
