import type { CurrentEvent } from '../batch/current-event.js';
import { withRoom } from '../memory/frame-table.js';
import { offsetsOf } from './fact-columns.js';
import { REF_SPANS } from './fact-specs.js';
import type { FactTable } from './fact-table.js';
import type { FactWriter } from './fact-writer.js';
import { OpenRefs } from './open-refs.js';

const REF = offsetsOf(REF_SPANS);

/** Kinds of ref_spans. */
const REF_GET = 0;
const REF_ALLOCATION = 1;

/** Spans of general references. `site` is the index of a call site, -1 for none. */
export class RefFacts {
  private readonly spans: FactTable<typeof REF_SPANS>;
  private readonly now: CurrentEvent;
  private readonly openRefs = new OpenRefs(REF.from_pcpu);
  /** By page slot, 0 for none: the open reference of the allocation. */
  private allocation = new Int32Array(512);
  /** By page slot: the event that dropped the allocation's reference, NaN for none, and its call site. */
  private droppedSeq = new Float64Array(512).fill(Number.NaN);
  private droppedCaller = new Int32Array(512);
  /** By page slot: 1 where that is the call site of the innermost lock held. */
  private droppedByLock = new Uint8Array(512);
  /** By index of a call site: the references that it took. */
  private taken = new Int32Array(64);
  /** Those of no known call site. */
  private takenUnknown = 0;

  constructor(writer: FactWriter, now: CurrentEvent) {
    this.spans = writer.table(REF_SPANS);
    this.now = now;
  }

  /** `counted`: with PGC_allocated, a reference of its own. */
  pageAlloc(slot: number, mfn: number, generation: number, owner: number, site: number, counted: boolean): void {
    this.allocation = withRoom(this.allocation, slot + 1);
    this.abandon(slot);
    this.dropAllocation(slot, Number.NaN, -1);
    if (counted) this.allocation[slot] = this.open(mfn, generation, owner, REF_ALLOCATION, site);
  }

  /** What is open of an earlier generation has no end that the trace could still show. */
  private abandon(slot: number): void {
    const allocation = this.takeAllocation(slot);
    if (allocation !== 0) this.spans.close(allocation);
    for (;;) {
      const at = this.openRefs.takeLast(this.spans.records, slot);
      if (at === 0) break;
      this.spans.close(at);
    }
  }

  getPage(slot: number, mfn: number, generation: number, owner: number, site: number, onFree: boolean): void {
    const at = this.open(mfn, generation, owner, REF_GET, site);
    if (onFree) this.spans.records[at + REF.on_free] = 1;
    this.openRefs.push(this.spans.records, slot, at);
    if (site < 0) {
      this.takenUnknown++;
      return;
    }
    if (site >= this.taken.length) this.taken = withRoom(this.taken, site + 1);
    this.taken[site]++;
  }

  private open(mfn: number, generation: number, owner: number, kind: number, site: number): number {
    const at = this.spans.open();
    const { records } = this.spans;
    records[at + REF.mfn] = mfn;
    records[at + REF.generation] = generation;
    records[at + REF.owner] = owner;
    records[at + REF.kind] = kind;
    records[at + REF.from_seq] = this.now.seq;
    records[at + REF.from_pcpu] = this.now.pcpu;
    records[at + REF.from_caller] = site;
    records[at + REF.by_lock] = this.isByLock(site);
    this.now.stamp(records, at + REF.from_tsc);
    return at;
  }

  /** 1 where the call site is that of the innermost lock held, as the event of the moment has none. */
  private isByLock(site: number): 0 | 1 {
    return site >= 0 && this.now.caller < 0 ? 1 : 0;
  }

  /** Ends one reference. `allocation`: the put dropped PGC_allocated, so the allocation's own reference goes. */
  putPage(
    slot: number,
    mfn: number,
    generation: number,
    owner: number,
    site: number,
    allocation: boolean,
    underflow: boolean,
  ): void {
    if (allocation) this.dropAllocation(slot, this.now.seq, site);
    let at = 0;
    if (!underflow) {
      at = allocation ? this.takeAllocation(slot) : this.openRefs.take(this.spans.records, slot, this.now.pcpu);
    }
    if (at === 0) {
      // Taken before the trace began, or never.
      at = this.spans.open();
      const { records } = this.spans;
      records[at + REF.mfn] = mfn;
      records[at + REF.generation] = generation;
      records[at + REF.owner] = owner;
      records[at + REF.kind] = allocation ? REF_ALLOCATION : REF_GET;
      records[at + REF.underflow] = underflow ? 1 : 0;
    }
    const { records } = this.spans;
    records[at + REF.to_seq] = this.now.seq;
    records[at + REF.to_pcpu] = this.now.pcpu;
    records[at + REF.to_caller] = site;
    this.now.stamp(records, at + REF.to_tsc);
    this.spans.close(at);
  }

  private dropAllocation(slot: number, seq: number, caller: number): void {
    if (slot >= this.droppedSeq.length) {
      const known = this.droppedSeq.length;
      this.droppedSeq = withRoom(this.droppedSeq, slot + 1).fill(Number.NaN, known);
      this.droppedCaller = withRoom(this.droppedCaller, slot + 1);
      this.droppedByLock = withRoom(this.droppedByLock, slot + 1);
    }
    this.droppedSeq[slot] = seq;
    this.droppedCaller[slot] = caller;
    this.droppedByLock[slot] = this.isByLock(caller);
  }

  /** The event that dropped the reference of the page's allocation, NaN for none, and its call site, -1 for unknown. */
  allocationDropped(slot: number): { readonly seq: number; readonly caller: number; readonly byLock: number } {
    if (slot >= this.droppedSeq.length) return { seq: Number.NaN, caller: -1, byLock: 0 };
    return { seq: this.droppedSeq[slot], caller: this.droppedCaller[slot], byLock: this.droppedByLock[slot] };
  }

  /** Call sites, -1 for unknown, and how many references each took. */
  forEachTaker(visit: (caller: number, taken: number) => void): void {
    this.taken.forEach((taken, caller) => {
      if (taken > 0) visit(caller, taken);
    });
    if (this.takenUnknown > 0) visit(-1, this.takenUnknown);
  }

  /** References that the trace saw taken and that are not put, by whom, when and where; the last one first. */
  forEachReference(slot: number, visit: (pcpu: number, seq: number, caller: number, byLock: number) => void): void {
    const { records } = this.spans;
    this.openRefs.forEach(records, slot, at => {
      visit(
        records[at + REF.from_pcpu],
        records[at + REF.from_seq],
        records[at + REF.from_caller],
        records[at + REF.by_lock],
      );
    });
  }

  private takeAllocation(slot: number): number {
    if (slot >= this.allocation.length) return 0;
    const at = this.allocation[slot];
    this.allocation[slot] = 0;
    return at;
  }

  /** References of a page that the pcpu took and has not dropped, as far as the trace shows. */
  referencesOf(slot: number, pcpu: number): number {
    return this.openRefs.takenBy(this.spans.records, slot, pcpu);
  }

  /** The last reference of the page that another pcpu took and nobody has dropped: its seq, NaN for none. */
  lastReferenceOfOthers(slot: number, pcpu: number): number {
    const at = this.openRefs.lastOfOthers(this.spans.records, slot, pcpu);
    return at === 0 ? Number.NaN : this.spans.records[at + REF.from_seq];
  }

  /** References of the page that the pcpu has taken since that seq and not dropped. */
  referencesSince(slot: number, pcpu: number, since: number): number {
    return this.openRefs.takenSince(this.spans.records, slot, pcpu, REF.from_seq, since);
  }

  /** The last reference of the page that is none of those and that nobody has dropped: its seq, NaN for none. */
  lastReferenceBesides(slot: number, pcpu: number, since: number): number {
    const at = this.openRefs.lastOfOtherContexts(this.spans.records, slot, pcpu, REF.from_seq, since);
    return at === 0 ? Number.NaN : this.spans.records[at + REF.from_seq];
  }

  /** Records were lost: what is open now may have ended among them. */
  lose(): void {
    this.spans.loseAll(REF.lost);
    this.allocation.fill(0);
    this.droppedSeq.fill(Number.NaN);
    this.openRefs.clear();
  }
}
