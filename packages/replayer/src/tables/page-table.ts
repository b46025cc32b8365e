import type { LayoutProfile } from '@p2mtrace/trace-format';
import { CHUNK, FrameDirectory, withRoom } from '../memory/frame-table.js';
import type { StateImage } from '../memory/state-image.js';
import { CountBits } from './count-bits.js';

/** What is known of a page, as bits of `state`. */
export const COUNT_KNOWN = 1;
export const TYPE_KNOWN = 2;
export const OWNER_KNOWN = 4;
/** Allocated or free, if an event said so; neither: unknown. */
export const ALLOCATED = 8;
export const FREE = 16;
/** The count counts references: since its allocation, the page was seen with PGC_allocated or with an owner. */
export const COUNTED = 32;

export const NO_OWNER = -1;
/** Larger allocations than this are damage, not events (4 GiB). */
export const MAX_PAGE_ORDER = 20;

/** page_info of every machine frame that an event named: arrays by slot; slot 0 belongs to no frame. */
export class PageTable {
  readonly directory = new FrameDirectory();
  state = new Uint8Array(CHUNK);
  /** count_info and type_info as recorded, low and high word. */
  countLow = new Uint32Array(CHUNK);
  countHigh = new Uint32Array(CHUNK);
  typeLow = new Uint32Array(CHUNK);
  typeHigh = new Uint32Array(CHUNK);
  owner = new Int32Array(CHUNK);
  /** Raised at each allocation, to tell a reused page from one that survived. */
  generation = new Uint32Array(CHUNK);
  /** seq of the last event that changed the count, of the last that changed the type, and of the last alloc or free. */
  countSeq = new Float64Array(CHUNK);
  typeSeq = new Float64Array(CHUNK);
  lifeSeq = new Float64Array(CHUNK);
  readonly countBits: CountBits;
  /** PGC_allocated, in the half of the word that has it. */
  private readonly allocatedLow: number;
  private readonly allocatedHigh: number;
  /** PGC_xen_heap and PGC_extra, if the layout has them. */
  private readonly specialLow: number = 0;
  private readonly specialHigh: number = 0;

  constructor(profile: LayoutProfile) {
    this.countBits = new CountBits(profile.countWidth);
    const bit = profile.countBits.allocated;
    this.allocatedLow = bit < 32 ? 2 ** bit : 0;
    this.allocatedHigh = bit >= 32 ? 2 ** (bit - 32) : 0;
    const { xen_heap, extra } = profile.countBits;
    for (const own of [xen_heap, extra]) {
      if (own === undefined) continue;
      if (own < 32) this.specialLow += 2 ** own;
      else this.specialHigh += 2 ** (own - 32);
    }
  }

  /** Slot of the frame, created if there is none. */
  slot(mfn: number): number {
    const found = this.directory.find(mfn);
    if (found !== 0) return found;
    const slot = this.directory.make(mfn);
    const room = this.directory.slots;
    if (room > this.state.length) {
      this.state = withRoom(this.state, room);
      this.countLow = withRoom(this.countLow, room);
      this.countHigh = withRoom(this.countHigh, room);
      this.typeLow = withRoom(this.typeLow, room);
      this.typeHigh = withRoom(this.typeHigh, room);
      this.owner = withRoom(this.owner, room);
      this.generation = withRoom(this.generation, room);
      this.countSeq = withRoom(this.countSeq, room);
      this.typeSeq = withRoom(this.typeSeq, room);
      this.lifeSeq = withRoom(this.lifeSeq, room);
    }
    return slot;
  }

  /** Visits every page that an event has named, known or not, by mfn. */
  forEach(visit: (mfn: number, slot: number) => void): void {
    this.directory.forEach(visit);
  }

  /**
   * True if the page is reference counted. Pages of Xen's own pools (shadow, paging, p2m tables) never have an owner or
   * PGC_allocated: their counts are written directly, and get_page and put_page mean nothing for them.
   */
  isCounted(slot: number): boolean {
    return (this.state[slot] & COUNTED) !== 0;
  }

  /** High and low word of the count, for code that needs it exact. */
  upperCount(slot: number): number {
    return (this.countHigh[slot] & this.countBits.high) >>> 0;
  }

  lowerCount(slot: number): number {
    return (this.countLow[slot] & this.countBits.low) >>> 0;
  }

  /** The general count without flags; exact below 2^53. */
  count(slot: number): number {
    return this.countBits.of(this.countLow[slot], this.countHigh[slot]);
  }

  /** True if PGC_allocated is set. */
  hasAllocated(low: number, high: number): boolean {
    return (low & this.allocatedLow) !== 0 || (high & this.allocatedHigh) !== 0;
  }

  /** True for a special page: PGC_xen_heap or PGC_extra is set. */
  isSpecial(slot: number): boolean {
    return (this.countLow[slot] & this.specialLow) !== 0 || (this.countHigh[slot] & this.specialHigh) !== 0;
  }

  /** Sets count_info to PGC_allocated | 1: what an assigned page starts with (docs/xen.md#allocation-reference). */
  setAllocatedOne(slot: number): void {
    this.countLow[slot] = this.allocatedLow | 1;
    this.countHigh[slot] = this.allocatedHigh;
  }

  /** count_info of a page that was just allocated to a domain. */
  allocatedOne(): { low: number; high: number } {
    return { low: (this.allocatedLow | 1) >>> 0, high: this.allocatedHigh };
  }

  clearAllocated(slot: number): void {
    this.countLow[slot] = (this.countLow[slot] & ~this.allocatedLow) >>> 0;
    this.countHigh[slot] = (this.countHigh[slot] & ~this.allocatedHigh) >>> 0;
  }

  transfer(image: StateImage): void {
    image.part('directory', this.directory);
    this.state = image.array('state', this.state);
    this.countLow = image.array('countLow', this.countLow);
    this.countHigh = image.array('countHigh', this.countHigh);
    this.typeLow = image.array('typeLow', this.typeLow);
    this.typeHigh = image.array('typeHigh', this.typeHigh);
    this.owner = image.array('owner', this.owner);
    this.generation = image.array('generation', this.generation);
    this.countSeq = image.array('countSeq', this.countSeq);
    this.typeSeq = image.array('typeSeq', this.typeSeq);
    this.lifeSeq = image.array('lifeSeq', this.lifeSeq);
  }

  /** Loss: nothing is known of any page any more (docs/replay.md#domains-pcpus-loss). */
  forget(): void {
    this.state.fill(0);
  }
}
