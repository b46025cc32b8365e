import { KIND } from '@p2mtrace/trace-format';
import type { EventState } from '../batch/handlers.js';
import type { ReplayBatch } from '../batch/replay-batch.js';
import { hasFailed, mfnOf } from '../batch/row-values.js';
import { DIVERGES } from '../facts/fact-specs.js';
import { FREE, type PageTable, TYPE_KNOWN } from '../tables/page-table.js';
import { TypeBits } from '../tables/type-bits.js';
import type { PageState } from './page-state.js';
import type { ReplayContext } from './replay-context.js';

const K_PUT_TYPE = KIND.put_type;

/** Type references of pages (docs/xen.md#type-counts), in the pages' own table. */
export class TypeState implements EventState {
  private readonly bits: TypeBits;
  private readonly context: ReplayContext;
  private readonly pageState: PageState;
  private readonly pages: PageTable;

  constructor(context: ReplayContext, pageState: PageState) {
    this.context = context;
    this.pageState = pageState;
    this.pages = pageState.pages;
    this.bits = new TypeBits(context.profile);
  }

  readonly handlers = {
    get_type: (batch: ReplayBatch, row: number) => this.get(batch, row),
    put_type: (batch: ReplayBatch, row: number) => this.put(batch, row),
  };

  /**
   * PGT_partial keeps one type count, which the next attempt at validation takes over (docs/xen.md#pgt-partial): that
   * get then counts nothing. A get that fails counts nothing, unless it leaves a page partial that was not so before.
   */
  private get(batch: ReplayBatch, row: number): void {
    const slot = this.pageState.slotOf(batch, row);
    if (slot === 0) return;
    const wasPartial = this.isPartial(slot);
    const counts = this.change(batch, row, wasPartial) === 1;
    if (!this.take(batch, row, slot, counts ? 1 : 0) && counts && this.isKnown(slot)) {
      if (this.count(slot) === 0) this.setRequested(batch, row, slot);
      else this.move(slot, 1);
    }
    const { facts } = this.context;
    if (facts === undefined) return;
    const mfn = mfnOf(batch, row);
    if (!hasFailed(batch, row)) facts.refs?.typeTaken(slot, this.pageState.isPageTable(slot));
    if (!hasFailed(batch, row)) facts.types?.get(this.pages, slot, mfn, this.pgtType(slot), facts.site());
    else if (counts) facts.types?.leavePartial(this.pages, slot, mfn, this.pgtType(slot), facts.site());
  }

  private put(batch: ReplayBatch, row: number): void {
    const slot = this.pageState.slotOf(batch, row);
    if (slot === 0) return;
    const wasPartial = this.isPartial(slot);
    const underflow = this.isKnown(slot) ? this.references(slot) === 0 : (this.pages.state[slot] & FREE) !== 0;
    const leavesPartial = this.recordedPartial(batch, row);
    const by = this.change(batch, row, wasPartial);
    if (!this.take(batch, row, slot, by) && this.isKnown(slot)) {
      this.move(slot, by);
    }
    const { facts } = this.context;
    // If a page stays partial, the holder of the last reference stays the same.
    if (facts === undefined || (wasPartial && leavesPartial)) return;
    const mfn = mfnOf(batch, row);
    facts.refs?.typePut(slot);
    const type = this.pgtType(slot);
    facts.types?.put(this.pages, slot, mfn, type, facts.site(), wasPartial, underflow);
    if (leavesPartial) facts.types?.leavePartial(this.pages, slot, mfn, type, facts.site());
  }

  /** What the event adds to a type count; `wasPartial` is PGT_partial before it. */
  private change(batch: ReplayBatch, row: number, wasPartial: boolean): number {
    const leavesPartial = this.recordedPartial(batch, row);
    if (batch.columns.kind[row] === K_PUT_TYPE) return leavesPartial ? 0 : -1;
    const counts = hasFailed(batch, row) ? leavesPartial && !wasPartial : !wasPartial;
    return counts ? 1 : 0;
  }

  /** True if the type_info that the event recorded follows from this one. */
  follows(low: number, high: number, batch: ReplayBatch, row: number): boolean {
    const [lows, highs] = [Uint32Array.of(low), Uint32Array.of(high)];
    const by = this.change(batch, row, this.bits.isPartial(low, high)) + this.locksTaken(low, high, batch, row);
    return this.bits.count.movesTo(lows, highs, 0, by, batch.columns.type_info, 2 * row);
  }

  /** page_lock and page_unlock, which have no events, set and clear PGT_locked together with one type count. */
  private locksTaken(low: number, high: number, { columns: { type_info: info } }: ReplayBatch, row: number): number {
    return this.bits.lockCount(info[2 * row], info[2 * row + 1]) - this.bits.lockCount(low, high);
  }

  /** type_info before the event, if that was in order and not PGT_partial. */
  before(low: number, high: number, batch: ReplayBatch, row: number): { low: number; high: number } {
    const [lows, highs] = [Uint32Array.of(low), Uint32Array.of(high)];
    this.bits.count.move(lows, highs, 0, -this.change(batch, row, false));
    return { low: lows[0], high: highs[0] };
  }

  /** True if the event's type_info follows from what is known, or nothing contradicts it. */
  fits(batch: ReplayBatch, row: number): boolean {
    if (!this.pageState.hasTypeInfo(batch, row)) return true;
    const words = this.typeOf(mfnOf(batch, row));
    return words === null || this.follows(words.low, words.high, batch, row);
  }

  /** type_info of a frame, null if unknown. */
  typeOf(mfn: number): { low: number; high: number } | null {
    const slot = this.pages.directory.find(mfn);
    return this.isKnown(slot) ? { low: this.pages.typeLow[slot], high: this.pages.typeHigh[slot] } : null;
  }

  /** Sets type_info to what it turned out to be. */
  setType(mfn: number, low: number, high: number): void {
    const slot = this.pages.slot(mfn);
    this.pages.typeLow[slot] = low;
    this.pages.typeHigh[slot] = high;
    this.pages.state[slot] |= TYPE_KNOWN;
  }

  private move(slot: number, by: number): void {
    this.bits.count.move(this.pages.typeLow, this.pages.typeHigh, slot, by);
    this.pages.typeSeq[slot] = this.context.now.seq;
  }

  /** Takes type_info as recorded, and reports a divergence if its count is not the expected one; false: none is recorded. */
  private take(batch: ReplayBatch, row: number, slot: number, by: number): boolean {
    const { pages, bits } = this;
    if (!this.pageState.hasTypeInfo(batch, row)) return false;
    const info = batch.columns.type_info;
    const locks = this.locksTaken(pages.typeLow[slot], pages.typeHigh[slot], batch, row);
    if (this.isKnown(slot) && !bits.count.movesTo(pages.typeLow, pages.typeHigh, slot, by + locks, info, 2 * row)) {
      const expected = bits.count.moved(pages.typeLow[slot], pages.typeHigh[slot], by + locks);
      const seen = bits.count.of(info[2 * row], info[2 * row + 1]);
      this.context.diverge(batch, row, DIVERGES.type_info, expected, seen, pages.typeSeq[slot]);
    }
    this.pageState.takeType(batch, row, slot);
    return true;
  }

  /** 0 → 1: the page gets the requested type, if that is recorded. */
  private setRequested(batch: ReplayBatch, row: number, slot: number): void {
    const { pages, bits } = this;
    const { arg0 } = batch.columns;
    if ((batch.validity.arg0[row >>> 3] & (1 << (row & 7))) === 0) {
      pages.state[slot] &= ~TYPE_KNOWN;
      return;
    }
    pages.typeLow[slot] = (pages.typeLow[slot] & ~bits.typeLow) | (arg0[2 * row] & bits.typeLow);
    pages.typeHigh[slot] = (pages.typeHigh[slot] & ~bits.typeHigh) | (arg0[2 * row + 1] & bits.typeHigh);
    this.move(slot, 1);
  }

  private isKnown(slot: number): boolean {
    return (this.pages.state[slot] & TYPE_KNOWN) !== 0;
  }

  /** Index into PGT_TYPES, -1 for unknown. */
  private pgtType(slot: number): number {
    return this.isKnown(slot) ? this.bits.pgtType(this.pages.typeLow[slot], this.pages.typeHigh[slot]) : -1;
  }

  private count(slot: number): number {
    return this.bits.count.of(this.pages.typeLow[slot], this.pages.typeHigh[slot]);
  }

  private references(slot: number): number {
    return this.bits.references(this.pages.typeLow[slot], this.pages.typeHigh[slot]);
  }

  private isPartial(slot: number): boolean {
    return this.isKnown(slot) && this.bits.isPartial(this.pages.typeLow[slot], this.pages.typeHigh[slot]);
  }

  private recordedPartial(batch: ReplayBatch, row: number): boolean {
    const info = batch.columns.type_info;
    return this.pageState.hasTypeInfo(batch, row) && this.bits.isPartial(info[2 * row], info[2 * row + 1]);
  }

  /** It has no state apart from that of the pages. */
  forget(): void {}
  forgetDomain(): void {}
  transfer(): void {}
}
