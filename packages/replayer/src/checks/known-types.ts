import type { LayoutProfile } from '@p2mtrace/trace-format';
import { type PageTable, TYPE_KNOWN } from '../tables/page-table.js';
import { TypeBits } from '../tables/type-bits.js';
import { knowsCount } from './known-pages.js';

/** What checks read of the type_info of pages, by a layout (docs/format.md#page_info-layouts). */
export class KnownTypes {
  private readonly bits: TypeBits;
  private readonly profile: LayoutProfile;
  private readonly pages: PageTable;

  constructor(pages: PageTable, profile: LayoutProfile) {
    this.pages = pages;
    this.profile = profile;
    this.bits = new TypeBits(profile);
  }

  isKnown(slot: number): boolean {
    return (this.pages.state[slot] & TYPE_KNOWN) !== 0;
  }

  count(slot: number): number {
    return this.bits.count.of(this.pages.typeLow[slot], this.pages.typeHigh[slot]);
  }

  /** The count without the one that PGT_locked holds. */
  references(slot: number): number {
    return this.bits.references(this.pages.typeLow[slot], this.pages.typeHigh[slot]);
  }

  /** The type, as an index into PGT_TYPES; -1 for one that is none of them. */
  pgtType(slot: number): number {
    return this.bits.pgtType(this.pages.typeLow[slot], this.pages.typeHigh[slot]);
  }

  /** The count's two words, for who needs it exact. */
  upperCount(slot: number): number {
    return this.bits.upperCount(this.pages.typeHigh[slot]);
  }

  lowerCount(slot: number): number {
    return this.bits.lowerCount(this.pages.typeLow[slot]);
  }

  isPartial(slot: number): boolean {
    return this.bits.isPartial(this.pages.typeLow[slot], this.pages.typeHigh[slot]);
  }

  isValidated(slot: number): boolean {
    return bit(this.pages.typeLow[slot], this.pages.typeHigh[slot], this.profile.typeBits.validated);
  }

  /** Name of the type, as the layout has it; the page's type need not be validated. */
  name(slot: number): string | undefined {
    const { typeShift, types } = this.profile;
    const { typeLow, typeHigh } = this.pages;
    return types[typeShift < 32 ? typeLow[slot] >>> typeShift : typeHigh[slot] >>> (typeShift - 32)];
  }

  /** PGC_xen_heap: the page is Xen's own, and shared with a guest. Unknown counts as such. */
  mayBeXenHeap(slot: number): boolean {
    const { countLow, countHigh } = this.pages;
    return !knowsCount(this.pages, slot) || bit(countLow[slot], countHigh[slot], this.profile.countBits.xen_heap);
  }
}

function bit(low: number, high: number, number: number): boolean {
  return ((number < 32 ? low >>> number : high >>> (number - 32)) & 1) !== 0;
}
