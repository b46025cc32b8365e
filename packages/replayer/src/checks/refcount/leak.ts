import type { Handlers } from '../../batch/handlers.js';
import type { Check } from '../check.js';
import type { CheckScope, MakeCheck } from '../check-scope.js';
import { forEachFrame, isAllocated, ownerOf, references } from '../known-pages.js';

/**
 * refcount.leak: at the end of the trace a page has lost the allocation's own reference (PGC_allocated), and its count
 * is not 0. Of a domain that lives the holder may yet come back.
 */
export const leak: MakeCheck = scope => new Leak(scope);

class Leak implements Check {
  private readonly scope: CheckScope;
  /** By domid: when the last page was freed that its p2m mapped. */
  private readonly mappedFree = new Map<number, number>();
  readonly before: Handlers = {};

  constructor(scope: CheckScope) {
    this.scope = scope;
    this.before.page_free = (batch, row) => forEachFrame(batch, row, mfn => this.freed(mfn));
  }

  private freed(mfn: number): void {
    const mapped = this.scope.p2ms.stillMapped(mfn);
    if (mapped !== undefined) this.mappedFree.set(mapped.domid, this.scope.now.seq);
  }

  readonly end = (): void => {
    const { pages } = this.scope.state;
    pages.forEach((mfn, slot) => {
      if (references(pages, slot) > 0 && !isAllocated(pages, slot)) this.judge(mfn, slot);
    });
  };

  private judge(mfn: number, slot: number): void {
    const { pages, facts } = this.scope.state;
    const refs = facts?.refs;
    if (refs === undefined) return;
    const owner = ownerOf(pages, slot);
    const tornDown = this.isTornDown(owner);
    const dropped = refs.allocationDropped(slot);
    const tell = (pcpu: number, caller: number, taken: number) =>
      this.scope.report({
        breach: 'leak',
        confidence: Number.isNaN(taken) || Number.isNaN(dropped.seq) ? 'likely' : tornDown ? 'proven' : 'possible',
        detail: tornDown ? 'torn-down' : 'alive',
        mfn,
        generation: pages.generation[slot],
        domid: owner,
        gfn: this.gfnOf(mfn, owner),
        count: pages.count(slot),
        times: refs.takenAt(caller),
        pcpu,
        caller,
        held_caller: dropped.caller,
        at: [taken, dropped.seq],
      });
    let held = 0;
    refs.forEachReference(slot, (pcpu, seq, caller) => {
      held++;
      tell(pcpu, caller, seq);
    });
    // Taken before the trace began.
    if (held === 0) tell(-1, -1, Number.NaN);
  }

  /** Where the domain maps the frame, or did last; NaN where the trace shows neither. */
  private gfnOf(mfn: number, domid: number): number {
    const { p2ms, state } = this.scope;
    const now = p2ms.reverse.mappings(mfn).find(({ p2m }) => p2ms.tables[p2m].domid === domid);
    return now?.gfn ?? state.facts?.lastMappings?.gfnOf(mfn, domid) ?? Number.NaN;
  }

  /** The trace shows the end of the domain, or pages that its p2m mapped going with nobody using it afterwards. */
  private isTornDown(domid: number): boolean {
    const { health, lastP2mSeq } = this.scope.state;
    return health.wasDestroyed(domid) || (this.mappedFree.get(domid) ?? Number.NaN) > lastP2mSeq[domid];
  }
}
