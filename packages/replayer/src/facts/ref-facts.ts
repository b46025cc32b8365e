import type { CurrentEvent } from '../batch/current-event.js';
import { withRoom } from '../memory/frame-table.js';
import { offsetsOf } from './fact-columns.js';
import { REF_SPANS, REF_THROUGH } from './fact-specs.js';
import type { FactTable } from './fact-table.js';
import type { FactWriter } from './fact-writer.js';
import { type Fit, OpenRefs } from './open-refs.js';
import { RefContexts } from './ref-contexts.js';
import { Validations } from './validations.js';

const REF = offsetsOf(REF_SPANS);

/** Kinds of ref_spans. */
const REF_GET = 0;
const REF_ALLOCATION = 1;

const NO_PURPOSE = -1;
const THROUGH_TYPE = REF_THROUGH.indexOf('type');
export const THROUGH_GRANT = REF_THROUGH.indexOf('grant');
export const THROUGH_FOREIGN = REF_THROUGH.indexOf('foreign');
export const THROUGH_TABLE = REF_THROUGH.indexOf('table');
const THROUGH_PARTIAL = REF_THROUGH.indexOf('partial');

/** A reference that somebody took and nobody has dropped, as far as the trace shows. Frames and domids are -1 for none. */
export interface HeldReference {
  readonly pcpu: number;
  readonly seq: number;
  readonly caller: number;
  readonly byLock: number;
  /** Index into REF_THROUGH, -1 for none, and what ref_spans says of it. */
  readonly through: number;
  readonly throughId: number;
  readonly throughDomid: number;
  /** A type reference came with it. */
  readonly typed: boolean;
  /** What it was taken for ended there; NaN where that lasts, or is not known. */
  readonly endedSeq: number;
}

/** It was taken for a mapping by grant, or of a foreign page. */
export const isMapping = (through: number): boolean => through === THROUGH_GRANT || through === THROUGH_FOREIGN;

/** Events in which the put of an unmap comes. */
const UNMAP_REACH = 1 << 14;

/** References of an earlier generation of a page that nobody dropped, at most. */
const LEFT_OVER = 16;

/** A reference of a generation of its page that is over. */
export interface LeftReference {
  readonly pcpu: number;
  readonly seq: number;
}

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
  /** By page slot: the allocation's beginning, and the last put that ended a reference of another pcpu; NaN for none. */
  private allocatedSeq = new Float64Array(512).fill(Number.NaN);
  private oddPutSeq = new Float64Array(512).fill(Number.NaN);
  /** By index of a call site: the references that it took. */
  private taken = new Int32Array(64);
  /** Those of no known call site. */
  private takenUnknown = 0;
  private readonly contexts = new RefContexts();
  private readonly validations = new Validations();
  /** By page slot: references of the generation before that were never dropped. */
  private readonly left = new Map<number, LeftReference[]>();
  /** The put of the moment: whether it fits a reference, and what it puts. */
  private putPcpu = -1;
  private putTyped = false;
  private putTable = -1;
  private readonly fitOfPut: Fit;

  constructor(writer: FactWriter, now: CurrentEvent) {
    this.spans = writer.table(REF_SPANS);
    this.now = now;
    this.fitOfPut = (records, at) => this.fit(records, at);
  }

  /** `counted`: with PGC_allocated, a reference of its own. */
  pageAlloc(slot: number, mfn: number, generation: number, owner: number, site: number, counted: boolean): void {
    this.allocation = withRoom(this.allocation, slot + 1);
    this.abandon(slot);
    this.dropAllocation(slot, Number.NaN, -1);
    this.allocatedSeq = withNaNs(this.allocatedSeq, slot);
    this.allocatedSeq[slot] = this.now.seq;
    if (slot < this.oddPutSeq.length) this.oddPutSeq[slot] = Number.NaN;
    if (counted) this.allocation[slot] = this.open(mfn, generation, owner, REF_ALLOCATION, site);
  }

  /** What is open of an earlier generation has no end that the trace could still show. */
  private abandon(slot: number): void {
    const allocation = this.takeAllocation(slot);
    if (allocation !== 0) this.spans.close(allocation);
    if (this.left.size > 0) this.left.delete(slot);
    const { records } = this.spans;
    for (;;) {
      const at = this.openRefs.takeLast(records, slot);
      if (at === 0) break;
      const left = this.left.get(slot) ?? [];
      if (left.length < LEFT_OVER) left.push({ pcpu: records[at + REF.from_pcpu], seq: records[at + REF.from_seq] });
      this.left.set(slot, left);
      this.spans.close(at);
    }
  }

  /** `light`: get_page_light, which PGT_partial asks for. `isTable`: the page is a page table now. */
  getPage(
    slot: number,
    mfn: number,
    generation: number,
    owner: number,
    site: number,
    onFree: boolean,
    light: boolean,
    isTable: boolean,
  ): void {
    const at = this.open(mfn, generation, owner, REF_GET, site);
    const { records } = this.spans;
    if (onFree) records[at + REF.on_free] = 1;
    this.openRefs.push(records, slot, at);
    const context = this.contexts.of(this.now.pcpu);
    context.got(slot, at);
    const { table } = context;
    if (light) records[at + REF.through] = THROUGH_PARTIAL;
    else if (table >= 0 && table !== mfn) {
      records[at + REF.through] = THROUGH_TABLE;
      records[at + REF.through_id] = table;
    }
    if (isTable) context.holdTable(mfn);
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
    if (!underflow) at = allocation ? this.takeAllocation(slot) : this.takeFitting(slot);
    this.contexts.of(this.now.pcpu).put(slot, mfn);
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

  /** Unlinks the reference that the put of the moment ends, 0 where none is open. */
  private takeFitting(slot: number): number {
    const { records } = this.spans;
    const { pcpu } = this.now;
    const context = this.contexts.of(pcpu);
    const awaited = context.awaited(slot);
    if (awaited !== undefined) {
      const own = this.openRefs.find(records, slot, at => records[at + REF.from_pcpu] === pcpu);
      // What it took since is put first.
      const isNested = own !== 0 && records[own + REF.from_seq] > awaited.seq;
      // An unmap takes no time in which the page's owner could die.
      const isLate = this.droppedSeq[slot] > awaited.seq || this.now.seq - awaited.seq > UNMAP_REACH;
      if (!isNested && !isLate && this.openRefs.takeThat(records, slot, awaited.span)) {
        context.settle(awaited.span);
        return awaited.span;
      }
    }
    this.putPcpu = pcpu;
    this.putTyped = context.hasPutType(slot);
    this.putTable = context.table >= 0 ? context.table : context.puttingTable;
    const at = this.openRefs.takeFitting(records, slot, this.fitOfPut);
    if (at === 0) return 0;
    const table = this.tableOfSpan(records, at);
    if (table >= 0) context.puttingTable = table;
    if (records[at + REF.from_pcpu] !== pcpu) {
      this.oddPutSeq = withNaNs(this.oddPutSeq, slot);
      this.oddPutSeq[slot] = this.now.seq;
    }
    return at;
  }

  /**
   * How well an open reference fits the put of the moment: with a type reference or without, then not one of a mapping,
   * whose put comes where it is unmapped, then one that this pcpu took, for the page table that it holds.
   */
  private fit(records: Float64Array, at: number): number {
    const through = records[at + REF.through];
    let fit = (records[at + REF.typed] === 1) === this.putTyped ? 0 : 16;
    if (isMapping(through) || through === THROUGH_PARTIAL) fit += 8;
    const table = this.tableOfSpan(records, at);
    // Who takes a page table apart puts what its entries hold, whoever took it.
    if (table >= 0) return fit + (table === this.putTable ? 0 : 2);
    return fit + (records[at + REF.from_pcpu] === this.putPcpu ? 0 : 4);
  }

  /** mfn of the page table for whose entry the reference was taken, -1 for none. */
  private tableOfSpan(records: Float64Array, at: number): number {
    if (records[at + REF.through] === THROUGH_TABLE) return records[at + REF.through_id];
    return this.validations.tableOf(records[at + REF.from_pcpu], records[at + REF.from_seq]);
  }

  /** A get_type of the page that succeeded; `isTable`: it is a page table now. */
  typeTaken(slot: number, isTable: boolean): void {
    const { records } = this.spans;
    const { pcpu, seq } = this.now;
    let at = this.contexts.of(pcpu).justTaken(slot);
    // What the entries of a page table take comes in between.
    if (at === 0) at = this.ownUntyped(slot);
    if (at === 0) return;
    records[at + REF.typed] = 1;
    if (records[at + REF.through] === NO_PURPOSE) records[at + REF.through] = THROUGH_TYPE;
    if (isTable) this.validations.add(pcpu, records[at + REF.mfn], records[at + REF.from_seq], seq);
  }

  typePut(slot: number): void {
    this.contexts.of(this.now.pcpu).typePut(slot);
  }

  /** The last reference of the page that this pcpu took without a type, and for no mapping; 0 for none. */
  private ownUntyped(slot: number): number {
    const { records } = this.spans;
    const { pcpu } = this.now;
    return this.openRefs.find(records, slot, at => {
      const through = records[at + REF.through];
      const mayBe = (through === NO_PURPOSE || through === THROUGH_TABLE) && records[at + REF.typed] === 0;
      return mayBe && records[at + REF.from_pcpu] === pcpu;
    });
  }

  /** The page is mapped, as that grant or foreign mapping: the pcpu's last so many references were taken for it. */
  mapped(slot: number, through: number, id: number, domid: number, references = 1): void {
    const { records } = this.spans;
    const { pcpu } = this.now;
    if (this.findMapping(slot, through, id, domid) !== 0) return;
    for (let i = 0; i < references; i++) {
      const at = this.openRefs.find(records, slot, at => {
        const before = records[at + REF.through];
        return (before === NO_PURPOSE || before === THROUGH_TYPE) && records[at + REF.from_pcpu] === pcpu;
      });
      if (at === 0) return;
      records[at + REF.through] = through;
      records[at + REF.through_id] = id;
      records[at + REF.through_domid] = domid;
    }
  }

  /** That mapping ends, so many references of it: the puts are to come, where they have not been. */
  unmapped(slot: number, through: number, id: number, domid: number, references = 1): void {
    const { records } = this.spans;
    const { pcpu, seq } = this.now;
    for (let i = 0; i < references; i++) {
      const at = this.findMapping(slot, through, id, domid);
      if (at === 0) return;
      records[at + REF.ended_seq] = seq;
      this.contexts.of(pcpu).unmap(slot, at, seq);
    }
  }

  private findMapping(slot: number, through: number, id: number, domid: number): number {
    const { records } = this.spans;
    return this.openRefs.find(records, slot, at => {
      const isIt = records[at + REF.through] === through && records[at + REF.through_domid] === domid;
      return isIt && Object.is(records[at + REF.through_id], id) && Number.isNaN(records[at + REF.ended_seq]);
    });
  }

  /** mfn of the page table for whose entry the reference was taken, -1 for none. */
  tableOf({ pcpu, seq, through, throughId }: HeldReference): number {
    return through === THROUGH_TABLE ? throughId : this.validations.tableOf(pcpu, seq);
  }

  /** Some page has references of an earlier generation that nobody dropped. */
  get hasLeftOvers(): boolean {
    return this.left.size > 0;
  }

  /** The last reference of an earlier generation of the page that the pcpu took and nobody dropped. */
  leftOver(slot: number, pcpu: number): LeftReference | undefined {
    return this.left.size === 0 ? undefined : this.left.get(slot)?.find(reference => reference.pcpu === pcpu);
  }

  private dropAllocation(slot: number, seq: number, caller: number): void {
    if (slot >= this.droppedSeq.length) {
      this.droppedSeq = withNaNs(this.droppedSeq, slot);
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

  /** The event that allocated the page, NaN for one before the trace. */
  allocatedAt(slot: number): number {
    return this.allocatedSeq[slot] ?? Number.NaN;
  }

  /** The last put of the page that ended a reference of another pcpu, as it had none itself; NaN for none. */
  lastOddPut(slot: number): number {
    return this.oddPutSeq[slot] ?? Number.NaN;
  }

  /** Call sites, -1 for unknown, and how many references each took. */
  forEachTaker(visit: (caller: number, taken: number) => void): void {
    this.taken.forEach((taken, caller) => {
      if (taken > 0) visit(caller, taken);
    });
    if (this.takenUnknown > 0) visit(-1, this.takenUnknown);
  }

  /** References that the trace saw taken and that are not put; the last one first. */
  heldOf(slot: number): HeldReference[] {
    const { records } = this.spans;
    const held: HeldReference[] = [];
    this.openRefs.forEach(records, slot, at => {
      held.push({
        pcpu: records[at + REF.from_pcpu],
        seq: records[at + REF.from_seq],
        caller: records[at + REF.from_caller],
        byLock: records[at + REF.by_lock],
        through: records[at + REF.through],
        throughId: records[at + REF.through_id],
        throughDomid: records[at + REF.through_domid],
        typed: records[at + REF.typed] === 1,
        endedSeq: records[at + REF.ended_seq],
      });
    });
    return held;
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
    this.contexts.forget();
    this.validations.forget();
    this.left.clear();
    this.allocatedSeq.fill(Number.NaN);
    this.oddPutSeq.fill(Number.NaN);
  }
}

/** The array with room for that index, NaN where it grew. */
function withNaNs(array: Float64Array<ArrayBuffer>, at: number): Float64Array<ArrayBuffer> {
  return at < array.length ? array : withRoom(array, at + 1).fill(Number.NaN, array.length);
}
