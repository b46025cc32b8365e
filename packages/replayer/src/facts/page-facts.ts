import type { CurrentEvent } from '../batch/current-event.js';
import { withRoom } from '../memory/frame-table.js';
import { offsetsOf } from './fact-columns.js';
import { PAGE_SPANS } from './fact-specs.js';
import type { FactTable } from './fact-table.js';
import type { FactWriter } from './fact-writer.js';

const PAGE = offsetsOf(PAGE_SPANS);

/** An entry that maps a page, and who wrote it when. */
export interface Mapper {
  readonly domid: number;
  readonly view: number;
  readonly gfn: number;
  readonly seq: number;
}

/** Spans of page generations. */
export class PageFacts {
  private readonly spans: FactTable<typeof PAGE_SPANS>;
  private readonly now: CurrentEvent;
  /** By page slot, 0 for none: the open span. */
  private open = new Int32Array(512);

  constructor(writer: FactWriter, now: CurrentEvent) {
    this.spans = writer.table(PAGE_SPANS);
    this.now = now;
  }

  /** What is open of an earlier generation has no end that the trace could still show. */
  alloc(slot: number, mfn: number, generation: number, owner: number): void {
    if (slot < this.open.length && this.open[slot] !== 0) this.close(slot);
    const at = this.openOf(slot, mfn, generation);
    const { records } = this.spans;
    records[at + PAGE.owner] = owner;
    records[at + PAGE.from_seq] = this.now.seq;
    this.now.stamp(records, at + PAGE.from_tsc);
  }

  /** `mapped` is an entry that still maps the page. */
  free(slot: number, mfn: number, generation: number, owner: number, count: number, mapped?: Mapper): void {
    const at = this.openOf(slot, mfn, generation);
    const { records } = this.spans;
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
    this.close(slot);
  }

  /** How a page stands at the end of the trace. */
  end(slot: number, mfn: number, generation: number, owner: number, count: number, allocated: boolean): void {
    const at = this.openOf(slot, mfn, generation);
    const { records } = this.spans;
    if (owner >= 0) records[at + PAGE.owner] = owner;
    records[at + PAGE.end_count] = count;
    records[at + PAGE.end_allocated] = allocated ? 1 : 0;
    this.close(slot);
  }

  /** The open span of the page, made where there is none. */
  private openOf(slot: number, mfn: number, generation: number): number {
    this.open = withRoom(this.open, slot + 1);
    if (this.open[slot] !== 0) return this.open[slot];
    const at = this.spans.open();
    this.spans.records[at + PAGE.mfn] = mfn;
    this.spans.records[at + PAGE.generation] = generation;
    this.open[slot] = at;
    return at;
  }

  private close(slot: number): void {
    this.spans.close(this.open[slot]);
    this.open[slot] = 0;
  }

  /** Records were lost: what is open now may have ended among them. */
  lose(): void {
    this.spans.loseAll(PAGE.lost);
    this.open.fill(0);
  }
}
