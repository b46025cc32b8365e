import { type HeldReference, type RefFacts, THROUGH_TABLE } from '../../facts/ref-facts.js';
import type { XenState } from '../../state/xen-state.js';
import { isAllocated, references } from '../known-pages.js';

interface LeakedPage {
  readonly mfn: number;
  readonly slot: number;
}

/** Pages that have lost the allocation's own reference, and have others: as it is at the end of the trace. */
export class LeakedPages {
  readonly pages: readonly LeakedPage[];
  /** Those among them that are page tables still. */
  private readonly tables: readonly LeakedPage[];
  private readonly refs: RefFacts;

  constructor(state: XenState, refs: RefFacts) {
    this.refs = refs;
    const pages: LeakedPage[] = [];
    state.pages.forEach((mfn, slot) => {
      if (references(state.pages, slot) > 0 && !isAllocated(state.pages, slot)) pages.push({ mfn, slot });
    });
    this.pages = pages;
    this.tables = pages.filter(({ slot }) => state.isPageTable(slot));
  }

  /** The page table among them for whose entry a reference on that page was taken; -1 for none. */
  tableOf(mfn: number, held: HeldReference): number {
    const table = this.tables.find(one => one.mfn !== mfn && this.refs.isOfValidated(one.slot, held));
    if (table !== undefined) return table.mfn;
    if (held.through !== THROUGH_TABLE || held.throughId === mfn) return -1;
    return this.tables.some(one => one.mfn === held.throughId) ? held.throughId : -1;
  }
}
