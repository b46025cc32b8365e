import { isRecorded } from '@p2mtrace/trace-format';
import type { CheckTools } from './check-scope.js';
import { isAllocated, isFree, ownerOf, slotOf } from './known-pages.js';

/** Its end is seen; its pages go, and it may not be over; or neither. */
export type Fate = 'gone' | 'dying' | 'alive';

/**
 * Ticks that pass between the last page that relinquish_memory() takes from its domain and what the same hypercall drops
 * after it, such as pinned page tables and registered areas: 2^22 are a millisecond and more, and it takes a tenth of it.
 */
const REST_OF_TEARDOWN = 2 ** 22;

/** What became of each domain, as far as the trace shows it by its end. */
export class DeadDomains {
  private readonly tools: Pick<CheckTools, 'state' | 'p2ms' | 'now'>;
  /** The end of a domain is an event, so that without it the teardown may be under way. */
  private readonly recordsEnds: boolean;
  /** By domid: seq at which the last page was freed that its p2m mapped. */
  private readonly mappedFree = new Map<number, number>();
  /** By domid: TSC at which the last page lost the allocation's reference. */
  private readonly dropped = new Map<number, number>();
  private owners: Set<number> | undefined;

  constructor({ state, p2ms, now, head: { metadata } }: Pick<CheckTools, 'state' | 'p2ms' | 'now' | 'head'>) {
    this.tools = { state, p2ms, now };
    this.recordsEnds = ['domain_create', 'domain_destroy'].some(kind => isRecorded(metadata, kind));
  }

  /** A page is about to be freed. */
  freed(mfn: number): void {
    const { p2ms, now } = this.tools;
    const domid = p2ms.mapperOf(mfn);
    if (domid >= 0) this.mappedFree.set(domid, now.seq);
  }

  /** A page loses the allocation's own reference: PGC_allocated goes. */
  allocationDropped(mfn: number): void {
    const { state, now } = this.tools;
    this.dropped.set(ownerOf(state.pages, slotOf(state.pages, mfn)), now.time);
  }

  /** To be asked at the end of the trace. */
  fateOf(domid: number): Fate {
    const { state, now } = this.tools;
    if (state.health.wasDestroyed(domid)) return 'gone';
    // Whoever uses its p2m after that goes on.
    if (!((this.mappedFree.get(domid) ?? Number.NaN) > state.lastP2mSeq[domid])) return 'alive';
    const isOver = now.time === 0 || now.time - (this.dropped.get(domid) ?? 0) >= REST_OF_TEARDOWN;
    return !this.recordsEnds && isOver && !this.ownsPages(domid) ? 'gone' : 'dying';
  }

  /** Pages are left that relinquish_memory() will find. */
  private ownsPages(domid: number): boolean {
    if (this.owners === undefined) {
      const { pages } = this.tools.state;
      const owners = new Set<number>();
      pages.forEach((_, slot) => {
        if (!isFree(pages, slot) && isAllocated(pages, slot)) owners.add(ownerOf(pages, slot));
      });
      this.owners = owners;
    }
    return this.owners.has(domid);
  }
}
