import { DOMID_FIRST_RESERVED } from '@p2mtrace/trace-format';
import type { BreachConfidence } from '../../facts/breach-table.js';
import type { LastMapping, LastMappings } from '../../facts/last-mappings.js';
import type { HeldReference, RefFacts } from '../../facts/ref-facts.js';
import type { XenState } from '../../state/xen-state.js';
import type { Fate } from '../dead-domains.js';
import { isAllocated, ownerOf, references } from '../known-pages.js';

/** Pages that a living domain does not lose at once. */
const MANY = 64;

/** What a finding says of the fate of its domain. */
export const DETAIL = { alive: 'alive', dying: 'dying', zombie: 'zombie', gone: 'torn-down' } as const satisfies Record<
  Fate,
  string
>;

/**
 * How sure it is that a reference is lost whose domain is so, and whose taking and whose page's end are known or not. What
 * keeps a domain from its end may be a mapping yet that no event tells of.
 */
export const confidenceOf = (fate: Fate, isKnown: boolean): BreachConfidence =>
  fate === 'gone' && isKnown ? 'proven' : fate === 'gone' || fate === 'zombie' ? 'likely' : 'possible';

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
  /** By owner: pages that have it, and those among them that have lost it and have others. */
  private readonly owned = new Map<number, { kept: number; lost: number }>();

  constructor(state: XenState, refs: RefFacts) {
    this.refs = refs;
    const pages: LeakedPage[] = [];
    state.pages.forEach((mfn, slot) => {
      if (!(references(state.pages, slot) >= 0)) return;
      const owned = this.ownedBy(ownerOf(state.pages, slot));
      if (isAllocated(state.pages, slot)) owned.kept++;
      else if (references(state.pages, slot) > 0) {
        owned.lost++;
        pages.push({ mfn, slot });
      }
    });
    this.pages = pages;
    this.tables = new Set(pages.filter(({ slot }) => state.isPageTable(slot)).map(({ mfn }) => mfn));
  }

  /**
   * So many of the domain's pages are among them that its memory is being relinquished: a PV domain has no p2m that
   * would show it.
   */
  areRelinquished(domid: number): boolean {
    const { kept, lost } = this.ownedBy(domid);
    return lost >= MANY && lost * 8 >= kept;
  }

  private ownedBy(domid: number): { kept: number; lost: number } {
    let owned = this.owned.get(domid);
    if (owned === undefined) {
      owned = { kept: 0, lost: 0 };
      this.owned.set(domid, owned);
    }
    return owned;
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
  lastMappings.lastOf(mfn, owner >= DOMID_FIRST_RESERVED ? -1 : owner);
