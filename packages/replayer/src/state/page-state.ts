import { FLAG, getU53, isValid, KIND } from '@p2mtrace/trace-format';
import type { EventState } from '../batch/handlers.js';
import type { ReplayBatch } from '../batch/replay-batch.js';
import { ABSENT } from '../batch/row-values.js';
import { DIVERGES } from '../facts/fact-specs.js';
import { THROUGH_FOREIGN } from '../facts/ref-facts.js';
import { MAX_FRAME } from '../memory/frame-table.js';
import { framesOf } from '../memory/order.js';
import type { StateImage } from '../memory/state-image.js';
import {
  ALLOCATED,
  COUNT_KNOWN,
  COUNTED,
  FREE,
  MAX_PAGE_ORDER,
  NO_OWNER,
  OWNER_KNOWN,
  PageTable,
  TYPE_KNOWN,
} from '../tables/page-table.js';
import { TypeBits } from '../tables/type-bits.js';
import { LayoutDoubt } from './layout-doubt.js';
import type { P2mState } from './p2m-state.js';
import type { ReplayContext } from './replay-context.js';

const K_ALLOC_REF_DROP = KIND.alloc_ref_drop;
const K_GET_PAGE = KIND.get_page;
const K_GET_PAGE_FAILED = KIND.get_page_failed;
const COUNT_DIVERGES = DIVERGES.count_info;

/** Called when frames [mfn, mfn + 2^order) are freed. */
export type FreeListener = (mfn: number, order: number) => void;

/** page_info of all frames: counts, owners, allocation; TypeState has the types. */
export class PageState implements EventState {
  readonly pages: PageTable;
  readonly layoutDoubt: LayoutDoubt;
  private readonly context: ReplayContext;
  private readonly typeBits: TypeBits;
  private readonly p2m: P2mState;
  private readonly onFree: FreeListener;
  /** seq of an event whose count is known to follow from the one before it. */
  private fitting = -1;
  /** Slot of its page. */
  private fittingSlot = 0;

  constructor(context: ReplayContext, p2m: P2mState, onFree: FreeListener) {
    this.context = context;
    this.p2m = p2m;
    this.onFree = onFree;
    this.pages = new PageTable(context.profile);
    this.typeBits = new TypeBits(context.profile);
    p2m.set.onForeign = (domid, gfn, mfn, isMapped) => {
      const slot = this.pages.directory.find(mfn);
      if (slot !== 0) this.mappedForeign(slot, domid, gfn, isMapped);
    };
    this.layoutDoubt = new LayoutDoubt(context.profile);
  }

  readonly handlers = {
    get_page: (batch: ReplayBatch, row: number) => this.getPage(batch, row),
    put_page: (batch: ReplayBatch, row: number) => this.putPage(batch, row),
    page_alloc: (batch: ReplayBatch, row: number) => this.pageLife(batch, row, true),
    page_free: (batch: ReplayBatch, row: number) => this.pageLife(batch, row, false),
    get_page_failed: (batch: ReplayBatch, row: number) => this.getPageFailed(batch, row),
    alloc_ref_drop: (batch: ReplayBatch, row: number) => this.putPage(batch, row),
    owner_set: (batch: ReplayBatch, row: number) => this.ownerSet(batch, row),
    page_use: (batch: ReplayBatch, row: number) => this.use(batch, row),
    p2m_table_alloc: (batch: ReplayBatch, row: number) => this.becomeTable(batch, row),
  };

  transfer(image: StateImage): void {
    image.part('pages', this.pages);
    image.part('layoutDoubt', this.layoutDoubt);
  }

  forget(): void {
    this.pages.forget();
  }

  /** Pages belong to the machine, so a new domain changes nothing. */
  forgetDomain(): void {}

  /** A foreign mapping of the page is made, or ends; p2m_entry_modify() takes and drops the reference that it has. */
  mappedForeign(slot: number, domid: number, gfn: number, isMapped: boolean): void {
    const refs = this.context.facts?.refs;
    if (isMapped) refs?.mapped(slot, THROUGH_FOREIGN, gfn, domid);
    else refs?.unmapped(slot, THROUGH_FOREIGN, gfn, domid);
  }

  /** Slot of the row's page, 0 for an impossible frame. */
  slotOf(batch: ReplayBatch, row: number): number {
    if (this.fitting === batch.firstSeq + row) return this.fittingSlot;
    const frame = getU53(batch.columns.mfn, row);
    if (frame >= MAX_FRAME) {
      this.context.outOfRange++;
      return 0;
    }
    return this.pages.slot(frame);
  }

  getPage(batch: ReplayBatch, row: number): void {
    if ((batch.columns.flags[row] & FLAG.failed) !== 0) {
      this.getPageFailed(batch, row);
      return;
    }
    const slot = this.slotOf(batch, row);
    if (slot === 0) return;
    const free = (this.pages.state[slot] & FREE) !== 0;
    this.changeCount(batch, row, slot, 1);
    this.noteOwner(batch, row, slot);
    const { facts } = this.context;
    if (facts === undefined) return;
    const mfn = getU53(batch.columns.mfn, row);
    if (facts.refs !== undefined) {
      const light = (batch.columns.flags[row] & FLAG.light) !== 0;
      const generation = this.pages.generation[slot];
      facts.refs.getPage(slot, mfn, generation, this.ownerOf(slot), facts.site(), free, light, this.isPageTable(slot));
    }
    facts.translations?.getPage(mfn);
  }

  /** The count stays as it is; the recorded one is checked. */
  private getPageFailed(batch: ReplayBatch, row: number): void {
    const slot = this.slotOf(batch, row);
    if (slot === 0) return;
    if (isValid(batch.validity.count_info, row)) this.changeCount(batch, row, slot, 0);
    this.noteOwner(batch, row, slot);
    this.context.facts?.translations?.getPageFailed(getU53(batch.columns.mfn, row));
  }

  /** put_page, alloc_ref_drop */
  putPage(batch: ReplayBatch, row: number): void {
    const { pages } = this;
    const { facts } = this.context;
    const slot = this.slotOf(batch, row);
    if (slot === 0) return;
    if (facts === undefined) {
      this.changeCount(batch, row, slot, -1);
      this.noteOwner(batch, row, slot);
      return;
    }
    const known = (pages.state[slot] & COUNT_KNOWN) !== 0;
    const hadAllocated = known
      ? pages.hasAllocated(pages.countLow[slot], pages.countHigh[slot])
      : batch.columns.kind[row] === K_ALLOC_REF_DROP;
    const underflow = known ? pages.count(slot) === 0 : (pages.state[slot] & FREE) !== 0;
    this.changeCount(batch, row, slot, -1);
    this.noteOwner(batch, row, slot);
    const hasAllocated = pages.hasAllocated(pages.countLow[slot], pages.countHigh[slot]);
    const mfn = getU53(batch.columns.mfn, row);
    const dropped = hadAllocated && !hasAllocated;
    facts.refs?.putPage(slot, mfn, pages.generation[slot], this.ownerOf(slot), facts.site(), dropped, underflow);
    facts.translations?.putPage(mfn, dropped);
  }

  /** Adds 1, 0 or -1 to the count, or takes the recorded count and reports a divergence if the two differ. */
  private changeCount(batch: ReplayBatch, row: number, slot: number, by: number): void {
    const { pages } = this;
    const { now } = this.context;
    const known = (pages.state[slot] & COUNT_KNOWN) !== 0;
    if (isValid(batch.validity.count_info, row)) {
      // A page that only now turns out to be counted had a count that no get or put gave it.
      if (known && this.fitting !== now.seq && pages.isCounted(slot)) this.checkCount(batch, row, slot, by);
      this.takeCount(batch, row, slot);
      return;
    }
    if (known) {
      if (by < 0 && batch.columns.kind[row] === K_ALLOC_REF_DROP) pages.clearAllocated(slot);
      pages.countBits.move(pages.countLow, pages.countHigh, slot, by);
    }
    pages.countSeq[slot] = now.seq;
  }

  /** What the event adds to the count. */
  change(batch: ReplayBatch, row: number): number {
    const { kind, flags } = batch.columns;
    if (kind[row] === K_GET_PAGE) return (flags[row] & FLAG.failed) !== 0 ? 0 : 1;
    return kind[row] === K_GET_PAGE_FAILED ? 0 : -1;
  }

  /** True if the count that the event recorded follows from the one in two arrays. */
  follows(lows: Uint32Array, highs: Uint32Array, at: number, batch: ReplayBatch, row: number): boolean {
    return this.pages.countBits.movesTo(lows, highs, at, this.change(batch, row), batch.columns.count_info, 2 * row);
  }

  /** True if the event's count follows from what is known, or nothing contradicts it. */
  fits(batch: ReplayBatch, row: number): boolean {
    this.fitting = -1;
    if (!isValid(batch.validity.count_info, row)) return true;
    const { pages } = this;
    const slot = pages.directory.find(getU53(batch.columns.mfn, row));
    const { state } = pages;
    // What a pool writes there raw follows from nothing.
    if ((state[slot] & COUNT_KNOWN) === 0 || (state[slot] & (ALLOCATED | COUNTED)) === ALLOCATED) return true;
    if (!this.follows(pages.countLow, pages.countHigh, slot, batch, row)) return false;
    this.fitting = batch.firstSeq + row;
    this.fittingSlot = slot;
    return true;
  }

  /** count_info of a frame, null if unknown. */
  countOf(mfn: number): { low: number; high: number } | null {
    const { pages } = this;
    const slot = pages.directory.find(mfn);
    if ((pages.state[slot] & COUNT_KNOWN) === 0) return null;
    return { low: pages.countLow[slot], high: pages.countHigh[slot] };
  }

  /** Sets count_info to what it turned out to be. */
  setCount(mfn: number, low: number, high: number): void {
    const slot = this.pages.slot(mfn);
    this.pages.countLow[slot] = low;
    this.pages.countHigh[slot] = high;
    this.pages.state[slot] |= COUNT_KNOWN;
  }

  /** count_info of a page that was just allocated to a domain. */
  allocatedOne(): { low: number; high: number } {
    return this.pages.allocatedOne();
  }

  private checkCount(batch: ReplayBatch, row: number, slot: number, by: number): void {
    const { countBits, countLow, countHigh, countSeq } = this.pages;
    const info = batch.columns.count_info;
    if (countBits.movesTo(countLow, countHigh, slot, by, info, 2 * row)) return;
    const expected = countBits.moved(countLow[slot], countHigh[slot], by);
    const seen = countBits.of(info[2 * row], info[2 * row + 1]);
    const isLayout = this.layoutDoubt.explains(countLow, countHigh, slot, info, 2 * row, by);
    // A wrong layout contradicts again and again: that is one divergence.
    if (isLayout && this.layoutDoubt.counts > 1) return;
    this.context.diverge(batch, row, isLayout ? DIVERGES.layout : COUNT_DIVERGES, expected, seen, countSeq[slot]);
  }

  /**
   * Who has a reference finds an owner there. Of a page that was allocated without one that does not say that it is
   * counted: shadow_enable() writes owner, count and type of a pool page raw.
   */
  private noteOwner(batch: ReplayBatch, row: number, slot: number): void {
    if (!isValid(batch.validity.owner, row)) return;
    const { pages } = this;
    const known = OWNER_KNOWN | COUNTED;
    if ((pages.state[slot] & known) === known && pages.owner[slot] === batch.columns.owner[row]) return;
    const isAllocated =
      (pages.state[slot] & COUNT_KNOWN) !== 0 && pages.hasAllocated(pages.countLow[slot], pages.countHigh[slot]);
    const isRaw = (pages.state[slot] & (ALLOCATED | COUNTED)) === ALLOCATED && !isAllocated;
    this.setOwner(slot, batch.columns.owner[row]);
    if (isRaw) pages.state[slot] &= ~COUNTED;
  }

  private setOwner(slot: number, owner: number): void {
    this.pages.owner[slot] = owner;
    this.pages.state[slot] |= owner === NO_OWNER ? OWNER_KNOWN : OWNER_KNOWN | COUNTED;
  }

  ownerOf(slot: number): number {
    return (this.pages.state[slot] & OWNER_KNOWN) === 0 ? NO_OWNER : this.pages.owner[slot];
  }

  /** page_alloc, page_free */
  pageLife(batch: ReplayBatch, row: number, alloc: boolean): void {
    const c = batch.columns;
    const first = getU53(c.mfn, row);
    const order = c.order[row];
    if (!this.context.inRange(ABSENT, first, order, MAX_PAGE_ORDER)) return;
    const owner = isValid(batch.validity.owner, row) ? c.owner[row] : NO_OWNER;
    const end = first + framesOf(order);
    for (let mfn = first; mfn < end; mfn++) {
      const slot = this.pages.slot(mfn);
      if (alloc) this.allocPage(batch, row, slot, mfn, owner);
      else this.freePage(slot, mfn, owner);
    }
    if (!alloc) this.onFree(first, order);
  }

  /** page_alloc: after assignment, so an owned page starts with PGC_allocated | 1 (docs/format.md#the-extension). */
  private allocPage(batch: ReplayBatch, row: number, slot: number, mfn: number, owner: number): void {
    const { pages } = this;
    const { now, facts } = this.context;
    pages.generation[slot]++;
    pages.lifeSeq[slot] = now.seq;
    pages.countSeq[slot] = now.seq;
    pages.typeSeq[slot] = now.seq;
    pages.owner[slot] = owner;
    // A page without an owner may be given to a domain later, with a count and a type that nobody recorded
    // (share_xen_page_with_guest, docs/xen.md#count-writers).
    const counted = owner !== NO_OWNER;
    pages.state[slot] = ALLOCATED | OWNER_KNOWN | (counted ? COUNT_KNOWN | TYPE_KNOWN | COUNTED : 0);
    pages.typeLow[slot] = 0;
    pages.typeHigh[slot] = 0;
    if (counted) pages.setAllocatedOne(slot);
    if (isValid(batch.validity.count_info, row)) this.takeCount(batch, row, slot);
    facts?.types?.pageAlloc(slot);
    facts?.pages?.alloc(slot, mfn, pages.generation[slot], owner);
    facts?.refs?.pageAlloc(slot, mfn, pages.generation[slot], owner, facts.site(), counted);
  }

  private freePage(slot: number, mfn: number, owner: number): void {
    const { pages } = this;
    const { now, facts, health } = this.context;
    if (facts !== undefined) {
      const known = COUNT_KNOWN | COUNTED;
      const count = (pages.state[slot] & known) === known ? pages.count(slot) : Number.NaN;
      const who = owner === NO_OWNER ? this.ownerOf(slot) : owner;
      facts.pages?.free(slot, mfn, pages.generation[slot], who, count, this.p2m.set.stillMapped(mfn));
      facts.translations?.pageFreed(mfn);
      if (who >= 0) health.pageFreed(who, now.seq, this.p2m.lastP2mSeq[who]);
    }
    pages.state[slot] = FREE;
    pages.lifeSeq[slot] = now.seq;
    this.p2m.set.noteFreed(mfn);
  }

  /** The page has the type of a page table, and references of that type. */
  isPageTable(slot: number): boolean {
    const { state, typeLow, typeHigh } = this.pages;
    if ((state[slot] & TYPE_KNOWN) === 0) return false;
    return this.typeBits.isPageTable(typeLow[slot], typeHigh[slot]);
  }

  hasTypeInfo({ validity }: ReplayBatch, row: number): boolean {
    return isValid(validity.type_info, row);
  }

  /** Takes type_info as recorded. */
  takeType(batch: ReplayBatch, row: number, slot: number): void {
    this.pages.typeLow[slot] = batch.columns.type_info[2 * row];
    this.pages.typeHigh[slot] = batch.columns.type_info[2 * row + 1];
    this.pages.typeSeq[slot] = this.context.now.seq;
    this.pages.state[slot] |= TYPE_KNOWN;
  }

  /** p2m_alloc_ptp: a page of the pool, whose count nobody keeps, and whose owner and type are written raw. */
  private becomeTable(batch: ReplayBatch, row: number): void {
    const slot = this.slotOf(batch, row);
    if (slot !== 0) this.pages.state[slot] &= ~(OWNER_KNOWN | COUNTED | COUNT_KNOWN | TYPE_KNOWN);
  }

  private ownerSet(batch: ReplayBatch, row: number): void {
    const slot = this.slotOf(batch, row);
    if (slot === 0) return;
    const owner = isValid(batch.validity.owner, row) ? batch.columns.owner[row] : NO_OWNER;
    // steal_page takes the owner and clears the count and PGC_allocated, with no put: what was known is over.
    if (owner === NO_OWNER) this.pages.state[slot] &= ~(COUNTED | COUNT_KNOWN);
    this.setOwner(slot, owner);
    if (isValid(batch.validity.count_info, row)) this.takeCount(batch, row, slot);
  }

  private takeCount(batch: ReplayBatch, row: number, slot: number): void {
    const { pages } = this;
    const { count_info: info } = batch.columns;
    pages.countLow[slot] = info[2 * row];
    pages.countHigh[slot] = info[2 * row + 1];
    pages.countSeq[slot] = this.context.now.seq;
    const known = COUNT_KNOWN | COUNTED;
    if ((pages.state[slot] & known) === known) return;
    pages.state[slot] |= pages.hasAllocated(info[2 * row], info[2 * row + 1]) ? known : COUNT_KNOWN;
  }

  private use(batch: ReplayBatch, row: number): void {
    const { columns: c, validity } = batch;
    const slot = this.slotOf(batch, row);
    if (slot === 0) return;
    const free = (this.pages.state[slot] & FREE) !== 0;
    const domid = isValid(validity.domid, row) ? c.domid[row] : -1;
    this.context.facts?.translations?.use(getU53(c.mfn, row), this.pages.generation[slot], domid, c.flags[row], free);
  }

  /** A snapshot of a page: already known, but not since which event. */
  snapshot(batch: ReplayBatch, row: number): void {
    const slot = this.slotOf(batch, row);
    if (slot === 0) return;
    const { columns: c, validity: v } = batch;
    const { pages } = this;
    if ((c.flags[row] & FLAG.free) !== 0) {
      pages.state[slot] = FREE;
      this.p2m.set.noteFreed(getU53(c.mfn, row));
    } else if ((c.flags[row] & FLAG.allocated) !== 0) pages.state[slot] = (pages.state[slot] & ~FREE) | ALLOCATED;
    if ((c.flags[row] & (FLAG.free | FLAG.allocated)) !== 0) pages.lifeSeq[slot] = Number.NaN;
    if (isValid(v.arg0, row)) pages.generation[slot] = getU53(c.arg0, row);
    if ((c.flags[row] & FLAG.unowned) !== 0) this.setOwner(slot, NO_OWNER);
    else this.noteOwner(batch, row, slot);
    if ((c.flags[row] & FLAG.counted) !== 0) pages.state[slot] |= COUNTED;
    if (isValid(v.count_info, row)) {
      this.takeCount(batch, row, slot);
      pages.countSeq[slot] = Number.NaN;
    }
    if (isValid(v.type_info, row)) {
      this.takeType(batch, row, slot);
      pages.typeSeq[slot] = Number.NaN;
    }
  }
}
