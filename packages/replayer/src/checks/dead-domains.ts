import { isRecorded } from '@p2mtrace/trace-format';
import type { CheckNotes } from '../facts/fact-recorder.js';
import type { CheckTools } from './check-scope.js';
import { isAllocated, isFree, knowsCount, ownerOf } from './known-pages.js';

/**
 * Its end is seen; its pages have gone, and its end has not come; its pages go, and it may not be over; or none of these.
 */
export type Fate = 'gone' | 'zombie' | 'dying' | 'alive';

/**
 * Ticks that pass between the last page that relinquish_memory() takes from its domain and what the same hypercall drops
 * after it, such as pinned page tables and registered areas: 2^22 are a millisecond and more, and it takes a tenth of it.
 */
const REST_OF_TEARDOWN = 2 ** 22;

/**
 * Ticks after which a domain would have ended whose last page is dropped: 2^30 are a third of a second and more. Whoever
 * has pages of it mapped is told that it dies, and domain_destroy() comes with the last reference, an RCU period later.
 */
const REST_OF_LIFE = 2 ** 30;

/** `refs`: where somebody asks for `gone`, not for `alive` alone. */
type Tools = Pick<CheckTools, 'state' | 'p2ms' | 'now' | 'head'> & Partial<Pick<CheckNotes, 'refs'>>;

/** What became of each domain, as far as the trace shows it by its end. */
export class DeadDomains {
  private readonly tools: Tools;
  /** The end of a domain is an event, so that without it the teardown may be under way. */
  private readonly recordsEnds: boolean;
  /** By domid: when the last page was freed that its p2m mapped: seq, and TSC. */
  private readonly mappedFree = new Map<number, number>();
  private readonly freeTime = new Map<number, number>();
  private owners: Set<number> | undefined;

  constructor(tools: Tools) {
    this.tools = tools;
    this.recordsEnds = ['domain_create', 'domain_destroy'].some(kind => isRecorded(tools.head.metadata, kind));
  }

  /** A page is about to be freed. */
  freed(mfn: number): void {
    const { p2ms, now } = this.tools;
    const domid = p2ms.mapperOf(mfn);
    if (domid < 0) return;
    this.mappedFree.set(domid, now.seq);
    this.freeTime.set(domid, now.time);
  }

  /** To be asked at the end of the trace. */
  fateOf(domid: number): Fate {
    const { state, now, refs } = this.tools;
    if (state.health.wasDestroyed(domid)) return 'gone';
    // Whoever uses its p2m after that goes on, unless the trace says that he does not.
    const isDying = state.health.isDying(domid);
    if (!isDying && !((this.mappedFree.get(domid) ?? Number.NaN) > state.lastP2mSeq[domid])) return 'alive';
    // Who frees a page last may be another who had it mapped; relinquish_memory() has dropped it long before.
    const last = refs?.lastDrop(domid) ?? this.freeTime.get(domid) ?? now.time;
    const rest = this.recordsEnds ? REST_OF_LIFE : REST_OF_TEARDOWN;
    if (!(now.time - last >= rest) || this.ownsPages(domid)) return 'dying';
    return this.recordsEnds ? 'zombie' : 'gone';
  }

  /** Pages are left that relinquish_memory() will find, or may be. */
  private ownsPages(domid: number): boolean {
    if (this.owners === undefined) {
      const { pages } = this.tools.state;
      const owners = new Set<number>();
      pages.forEach((_, slot) => {
        const mayBeAllocated = !isFree(pages, slot) && (!knowsCount(pages, slot) || isAllocated(pages, slot));
        if (mayBeAllocated) owners.add(ownerOf(pages, slot));
      });
      this.owners = owners;
    }
    return this.owners.has(domid);
  }
}
