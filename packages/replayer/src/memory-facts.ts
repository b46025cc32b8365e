import { offsetsOf } from './fact-columns.js';
import { MAPPING_SPANS, PAGE_SPANS, REF_SPANS } from './fact-specs.js';
import type { FactTable } from './fact-table.js';
import type { FactWriter } from './fact-writer.js';
import { withRoom } from './frame-table.js';
import type { Now } from './now.js';
import { OpenRefs } from './open-refs.js';
import { framesOf } from './order.js';
import { NO_ACCESS } from './p2m-table.js';

const MAPPING = offsetsOf(MAPPING_SPANS);
const PAGE = offsetsOf(PAGE_SPANS);
const REF = offsetsOf(REF_SPANS);

/** Kinds of ref_spans. */
const REF_GET = 0;
const REF_ALLOCATION = 1;

/** Spans of p2m entries, page generations and general references. */
export class MemoryFacts {
  private readonly mappings: FactTable<typeof MAPPING_SPANS>;
  private readonly pages: FactTable<typeof PAGE_SPANS>;
  private readonly refs: FactTable<typeof REF_SPANS>;
  private readonly now: Now;
  private readonly openRefs = new OpenRefs(REF.from_pcpu);
  /** By page slot, 0 for none: the open page span; the open reference of the allocation. */
  private pageSpan = new Int32Array(512);
  private allocationRef = new Int32Array(512);

  constructor(writer: FactWriter, now: Now) {
    this.now = now;
    this.mappings = writer.table(MAPPING_SPANS);
    this.pages = writer.table(PAGE_SPANS);
    this.refs = writer.table(REF_SPANS);
  }

  /** Returns the tag of the new span. `known` false: the entry was there before. */
  openMapping(
    domid: number,
    view: number,
    gfn: number,
    mfn: number,
    order: number,
    type: number,
    access: number,
    known: boolean,
  ): number {
    const at = this.mappings.open();
    const { records } = this.mappings;
    records[at + MAPPING.domid] = domid;
    records[at + MAPPING.view] = view;
    records[at + MAPPING.gfn] = gfn;
    if (mfn >= 0) records[at + MAPPING.mfn] = mfn;
    records[at + MAPPING.order] = order;
    records[at + MAPPING.p2m_type] = type;
    if (access !== NO_ACCESS) records[at + MAPPING.access] = access;
    if (known) {
      records[at + MAPPING.from_seq] = this.now.seq;
      records[at + MAPPING.from_pcpu] = this.now.pcpu;
      this.now.stamp(records, at + MAPPING.from_tsc);
    }
    return at;
  }

  closeMapping(at: number): void {
    const { records } = this.mappings;
    records[at + MAPPING.to_seq] = this.now.seq;
    records[at + MAPPING.to_pcpu] = this.now.pcpu;
    this.now.stamp(records, at + MAPPING.to_tsc);
    this.mappings.close(at);
  }

  /** One span ends, and parts of the next order begin, whose tags are written to `parts`. */
  splitMapping(at: number, gfn: number, mfn: number, order: number, parts: Int32Array): void {
    const whole = this.mappings.records.subarray(at);
    const [domid, view] = [whole[MAPPING.domid], whole[MAPPING.view]];
    const [type, access] = [whole[MAPPING.p2m_type], whole[MAPPING.access]];
    this.closeMapping(at);
    const step = framesOf(order);
    for (let i = 0; i < parts.length; i++) {
      const part = mfn < 0 ? -1 : mfn + i * step;
      parts[i] = this.openMapping(
        domid,
        view,
        gfn + i * step,
        part,
        order,
        type,
        access < 0 ? NO_ACCESS : access,
        true,
      );
      this.mappings.records[parts[i] + MAPPING.from_split] = 1;
    }
  }

  /** `counted`: with PGC_allocated, a reference of its own, taken at call site `site`. */
  pageAlloc(slot: number, mfn: number, generation: number, owner: number, site: number, counted: boolean): void {
    this.makeRoom(slot);
    this.abandon(slot);
    const at = this.openPage(slot, mfn, generation);
    const { records } = this.pages;
    records[at + PAGE.owner] = owner;
    records[at + PAGE.from_seq] = this.now.seq;
    this.now.stamp(records, at + PAGE.from_tsc);
    if (counted) this.allocationRef[slot] = this.openRef(mfn, generation, owner, REF_ALLOCATION, site);
  }

  /** What is open of an earlier generation has no end that the trace could still show. */
  private abandon(slot: number): void {
    if (this.pageSpan[slot] !== 0) this.pages.close(this.pageSpan[slot]);
    if (this.allocationRef[slot] !== 0) this.refs.close(this.allocationRef[slot]);
    for (;;) {
      const at = this.openRefs.takeLast(this.refs.records, slot);
      if (at === 0) break;
      this.refs.close(at);
    }
    this.pageSpan[slot] = 0;
    this.allocationRef[slot] = 0;
  }

  /** `mapped`: a p2m entry that still maps the page. */
  pageFree(
    slot: number,
    mfn: number,
    generation: number,
    owner: number,
    count: number,
    mapped: { domid: number; view: number; gfn: number; seq: number } | undefined,
  ): void {
    const at = this.openPage(slot, mfn, generation);
    const { records } = this.pages;
    if (owner >= 0) records[at + PAGE.owner] = owner;
    records[at + PAGE.to_seq] = this.now.seq;
    records[at + PAGE.to_pcpu] = this.now.pcpu;
    this.now.stamp(records, at + PAGE.to_tsc);
    records[at + PAGE.freed_count] = count;
    if (mapped !== undefined) {
      records[at + PAGE.mapped_domid] = mapped.domid;
      records[at + PAGE.mapped_view] = mapped.view;
      records[at + PAGE.mapped_gfn] = mapped.gfn;
      records[at + PAGE.mapped_seq] = mapped.seq;
    }
    this.pages.close(at);
    this.pageSpan[slot] = 0;
  }

  /** How a page stands at the end of the trace. */
  pageEnd(slot: number, mfn: number, generation: number, owner: number, count: number, allocated: boolean): void {
    const at = this.openPage(slot, mfn, generation);
    const { records } = this.pages;
    if (owner >= 0) records[at + PAGE.owner] = owner;
    records[at + PAGE.end_count] = count;
    records[at + PAGE.end_allocated] = allocated ? 1 : 0;
    this.pages.close(at);
    this.pageSpan[slot] = 0;
  }

  /** The open span of the page, made where there is none. */
  private openPage(slot: number, mfn: number, generation: number): number {
    this.makeRoom(slot);
    if (this.pageSpan[slot] !== 0) return this.pageSpan[slot];
    const at = this.pages.open();
    this.pages.records[at + PAGE.mfn] = mfn;
    this.pages.records[at + PAGE.generation] = generation;
    this.pageSpan[slot] = at;
    return at;
  }

  /** `site`: index of the call site, -1 for none; so for `putPage`. */
  getPage(slot: number, mfn: number, generation: number, owner: number, site: number, onFree: boolean): void {
    const at = this.openRef(mfn, generation, owner, REF_GET, site);
    if (onFree) this.refs.records[at + REF.on_free] = 1;
    this.openRefs.push(this.refs.records, slot, at);
  }

  private openRef(mfn: number, generation: number, owner: number, kind: number, site: number): number {
    const at = this.refs.open();
    const { records } = this.refs;
    records[at + REF.mfn] = mfn;
    records[at + REF.generation] = generation;
    records[at + REF.owner] = owner;
    records[at + REF.kind] = kind;
    records[at + REF.from_seq] = this.now.seq;
    records[at + REF.from_pcpu] = this.now.pcpu;
    records[at + REF.from_caller] = site;
    this.now.stamp(records, at + REF.from_tsc);
    return at;
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
    let at = 0;
    if (!underflow) {
      at = allocation ? this.takeAllocation(slot) : this.openRefs.take(this.refs.records, slot, this.now.pcpu);
    }
    if (at === 0) {
      // Taken before the trace began, or never.
      at = this.refs.open();
      const { records } = this.refs;
      records[at + REF.mfn] = mfn;
      records[at + REF.generation] = generation;
      records[at + REF.owner] = owner;
      records[at + REF.kind] = allocation ? REF_ALLOCATION : REF_GET;
      records[at + REF.underflow] = underflow ? 1 : 0;
    }
    const { records } = this.refs;
    records[at + REF.to_seq] = this.now.seq;
    records[at + REF.to_pcpu] = this.now.pcpu;
    records[at + REF.to_caller] = site;
    this.now.stamp(records, at + REF.to_tsc);
    this.refs.close(at);
  }

  /** References that the trace saw taken and that are not put, by whom and when; the last one first. */
  forEachReference(slot: number, visit: (pcpu: number, seq: number) => void): void {
    const { records } = this.refs;
    this.openRefs.forEach(records, slot, at => visit(records[at + REF.from_pcpu], records[at + REF.from_seq]));
  }

  private takeAllocation(slot: number): number {
    this.makeRoom(slot);
    const at = this.allocationRef[slot];
    this.allocationRef[slot] = 0;
    return at;
  }

  /** References of a page that the pcpu took and has not dropped, as far as the trace shows. */
  referencesOf(slot: number, pcpu: number): number {
    return this.openRefs.takenBy(this.refs.records, slot, pcpu);
  }

  /** The last reference of the page that another pcpu took and nobody has dropped: its seq, NaN for none. */
  lastReferenceOfOthers(slot: number, pcpu: number): number {
    const at = this.openRefs.lastOfOthers(this.refs.records, slot, pcpu);
    return at === 0 ? Number.NaN : this.refs.records[at + REF.from_seq];
  }

  /** Records were lost: what is open now may have ended among them. */
  lose(): void {
    closeLost(this.mappings, MAPPING.lost);
    closeLost(this.pages, PAGE.lost);
    closeLost(this.refs, REF.lost);
    this.pageSpan.fill(0);
    this.allocationRef.fill(0);
    this.openRefs.clear();
  }

  private makeRoom(slot: number): void {
    if (slot < this.pageSpan.length) return;
    this.pageSpan = withRoom(this.pageSpan, slot + 1);
    this.allocationRef = withRoom(this.allocationRef, slot + 1);
  }
}

function closeLost(table: Pick<FactTable, 'openOffsets' | 'records' | 'close'>, lost: number): void {
  for (const at of table.openOffsets()) {
    table.records[at + lost] = 1;
    table.close(at);
  }
}
