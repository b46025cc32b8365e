import { MAPPING_SPANS, PAGE_SPANS, REF_SPANS } from './fact-specs.js';
import { FactTable } from './fact-table.js';
import { withRoom } from './frame-table.js';
import type { Now } from './now.js';

/** Kinds of ref_spans. */
const REF_GET = 0;
const REF_ALLOCATION = 1;

/** Spans of p2m entries, page generations and general references. */
export class MemoryFacts {
  readonly mappings = new FactTable(MAPPING_SPANS);
  readonly pages = new FactTable(PAGE_SPANS);
  readonly refs = new FactTable(REF_SPANS);
  private readonly now: Now;
  /** Index of the call site of what happens now. */
  private readonly site: () => number;
  /** By page slot: 1 + row of the open page span; 1 + row of the reference taken last. */
  private pageRow = new Int32Array(512);
  private refHead = new Int32Array(512);
  /** By ref row: 1 + row of the open reference taken before it on the same page. */
  private refNext = new Int32Array(1024);

  /** By table: rows that a loss has dealt with. */
  private readonly lostTo = new Map<unknown, number>();

  constructor(now: Now, site: () => number) {
    this.now = now;
    this.site = site;
  }

  /** Returns the tag of the new span: its row + 1. `known` false: the entry was there before. */
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
    const row = this.mappings.add();
    const c = this.mappings.columns;
    c.domid[row] = domid;
    c.view[row] = view;
    c.gfn[row] = gfn;
    if (mfn >= 0) c.mfn[row] = mfn;
    c.order[row] = order;
    c.p2m_type[row] = type;
    if (access !== 255) c.access[row] = access;
    if (known) {
      c.from_seq[row] = this.now.seq;
      c.from_pcpu[row] = this.now.pcpu;
      this.stamp(c.from_tsc, row);
    }
    return row + 1;
  }

  closeMapping(tag: number): void {
    const c = this.mappings.columns;
    const row = tag - 1;
    c.to_seq[row] = this.now.seq;
    c.to_pcpu[row] = this.now.pcpu;
    this.stamp(c.to_tsc, row);
  }

  /** One span ends, 512 of the next order begin; returns the first one's tag. */
  splitMapping(tag: number, gfn: number, mfn: number, order: number): number {
    this.closeMapping(tag);
    const [domid, view, type, access] = [
      this.mappings.columns.domid[tag - 1],
      this.mappings.columns.view[tag - 1],
      this.mappings.columns.p2m_type[tag - 1],
      this.mappings.columns.access[tag - 1],
    ];
    const step = 2 ** order;
    let first = 0;
    for (let i = 0; i < 512; i++) {
      const part = mfn < 0 ? -1 : mfn + i * step;
      const row = this.openMapping(domid, view, gfn + i * step, part, order, type, access < 0 ? 255 : access, true) - 1;
      this.mappings.columns.from_split[row] = 1;
      if (i === 0) first = row + 1;
    }
    return first;
  }

  pageAlloc(slot: number, mfn: number, generation: number, owner: number, counted: boolean): void {
    this.makeRoom(slot);
    const row = this.pages.add();
    const c = this.pages.columns;
    c.mfn[row] = mfn;
    c.generation[row] = generation;
    c.owner[row] = owner;
    c.from_seq[row] = this.now.seq;
    this.stamp(c.from_tsc, row);
    this.pageRow[slot] = row + 1;
    this.refHead[slot] = 0;
    if (counted) this.openRef(slot, mfn, generation, owner, REF_ALLOCATION, false);
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
    const row = this.openPage(slot, mfn, generation);
    const c = this.pages.columns;
    if (owner >= 0) c.owner[row] = owner;
    c.to_seq[row] = this.now.seq;
    c.to_pcpu[row] = this.now.pcpu;
    this.stamp(c.to_tsc, row);
    c.freed_count[row] = count;
    if (mapped !== undefined) {
      c.mapped_domid[row] = mapped.domid;
      c.mapped_view[row] = mapped.view;
      c.mapped_gfn[row] = mapped.gfn;
      c.mapped_seq[row] = mapped.seq;
    }
    this.pageRow[slot] = 0;
  }

  /** How a page stands at the end of the trace. */
  pageEnd(slot: number, mfn: number, generation: number, owner: number, count: number, allocated: boolean): void {
    const row = this.openPage(slot, mfn, generation);
    const c = this.pages.columns;
    if (owner >= 0) c.owner[row] = owner;
    c.end_count[row] = count;
    c.end_allocated[row] = allocated ? 1 : 0;
  }

  private openPage(slot: number, mfn: number, generation: number): number {
    this.makeRoom(slot);
    if (this.pageRow[slot] !== 0) return this.pageRow[slot] - 1;
    const row = this.pages.add();
    this.pages.columns.mfn[row] = mfn;
    this.pages.columns.generation[row] = generation;
    this.pageRow[slot] = row + 1;
    return row;
  }

  getPage(slot: number, mfn: number, generation: number, owner: number, onFree: boolean): void {
    this.openRef(slot, mfn, generation, owner, REF_GET, onFree);
  }

  private openRef(slot: number, mfn: number, generation: number, owner: number, kind: number, onFree: boolean): void {
    this.makeRoom(slot);
    const row = this.refs.add();
    const c = this.refs.columns;
    c.mfn[row] = mfn;
    c.generation[row] = generation;
    c.owner[row] = owner;
    c.kind[row] = kind;
    c.from_seq[row] = this.now.seq;
    c.from_pcpu[row] = this.now.pcpu;
    c.from_caller[row] = this.site();
    c.on_free[row] = onFree ? 1 : 0;
    this.stamp(c.from_tsc, row);
    this.refNext = withRoom(this.refNext, row + 1);
    this.refNext[row] = this.refHead[slot];
    this.refHead[slot] = row + 1;
  }

  /**
   * Ends one reference. References are alike; the likeliest is the last one that this pcpu took, else the last.
   * `allocation`: the put dropped PGC_allocated, so the allocation's own reference goes.
   */
  putPage(slot: number, mfn: number, generation: number, owner: number, allocation: boolean, underflow: boolean): void {
    this.makeRoom(slot);
    let row = underflow ? -1 : this.takeRef(slot, allocation);
    if (row < 0) {
      // Taken before the trace began, or never.
      row = this.refs.add();
      this.refs.columns.mfn[row] = mfn;
      this.refs.columns.generation[row] = generation;
      this.refs.columns.owner[row] = owner;
      this.refs.columns.kind[row] = allocation ? REF_ALLOCATION : REF_GET;
      this.refs.columns.underflow[row] = underflow ? 1 : 0;
    }
    const c = this.refs.columns;
    c.to_seq[row] = this.now.seq;
    c.to_pcpu[row] = this.now.pcpu;
    c.to_caller[row] = this.site();
    this.stamp(c.to_tsc, row);
  }

  /** Unlinks the reference that a put ends; -1 where none is open. */
  private takeRef(slot: number, allocation: boolean): number {
    const c = this.refs.columns;
    const wanted = allocation ? REF_ALLOCATION : REF_GET;
    let best = 0;
    let beforeBest = 0;
    let before = 0;
    for (let at = this.refHead[slot]; at !== 0; before = at, at = this.refNext[at - 1]) {
      if (c.kind[at - 1] !== wanted) continue;
      const mine = c.from_pcpu[at - 1] === this.now.pcpu;
      if (best === 0 || mine) {
        best = at;
        beforeBest = before;
      }
      if (mine) break;
    }
    if (best === 0) return -1;
    const next = this.refNext[best - 1];
    if (beforeBest === 0) this.refHead[slot] = next;
    else this.refNext[beforeBest - 1] = next;
    return best - 1;
  }

  /** Records were lost: what is open now may have ended among them. */
  lose(): void {
    for (const table of [this.mappings, this.pages, this.refs]) {
      const { to_seq, lost } = table.columns;
      for (let row = this.lostTo.get(table) ?? 0; row < table.rows; row++) if (Number.isNaN(to_seq[row])) lost[row] = 1;
      this.lostTo.set(table, table.rows);
    }
    this.pageRow.fill(0);
    this.refHead.fill(0);
  }

  private makeRoom(slot: number): void {
    this.pageRow = withRoom(this.pageRow, slot + 1);
    this.refHead = withRoom(this.refHead, slot + 1);
  }

  private stamp(column: Uint32Array, row: number): void {
    column[2 * row] = this.now.tscLow;
    column[2 * row + 1] = this.now.tscHigh;
  }
}
