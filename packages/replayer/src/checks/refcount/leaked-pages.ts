import type { LastMapping, LastMappings } from '../../facts/last-mappings.js';
import type { HeldReference, RefFacts } from '../../facts/ref-facts.js';
import type { XenState } from '../../state/xen-state.js';
import { FIRST_RESERVED_DOMID, isAllocated, references } from '../known-pages.js';

interface LeakedPage {
  readonly mfn: number;
  readonly slot: number;
}

/** Pages that have lost the allocation's own reference, and have others: as it is at the end of the trace. */
export class LeakedPages {
  readonly pages: readonly LeakedPage[];
  /** Those among them that are page tables still. */
  private readonly tables: ReadonlySet<number>;
  private readonly refs: RefFacts;

  constructor(state: XenState, refs: RefFacts) {
    this.refs = refs;
    const pages: LeakedPage[] = [];
    state.pages.forEach((mfn, slot) => {
      if (references(state.pages, slot) > 0 && !isAllocated(state.pages, slot)) pages.push({ mfn, slot });
    });
    this.pages = pages;
    this.tables = new Set(pages.filter(({ slot }) => state.isPageTable(slot)).map(({ mfn }) => mfn));
  }

  /** The page table among them for whose entry a reference on that page was taken; -1 for none. */
  tableOf(mfn: number, held: HeldReference): number {
    const table = this.refs.tableOf(held);
    return table >= 0 && table !== mfn && this.tables.has(table) ? table : -1;
  }
}

/**
 * Where the page's domain mapped it last. A shared page is dom_cow's, which has no p2m and never ends: it goes with
 * whoever had it.
 */
export const lastMappingOf = (lastMappings: LastMappings, mfn: number, owner: number): LastMapping | undefined =>
  lastMappings.lastOf(mfn, owner >= FIRST_RESERVED_DOMID ? -1 : owner);
