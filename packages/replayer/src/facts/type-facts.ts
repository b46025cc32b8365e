import type { CurrentEvent } from '../batch/current-event.js';
import { COUNT_KNOWN, NO_OWNER, OWNER_KNOWN, type PageTable } from '../tables/page-table.js';
import { offsetsOf } from './fact-columns.js';
import { TYPE_REF_SPANS } from './fact-specs.js';
import type { FactWriter } from './fact-writer.js';
import { OpenRefs } from './open-refs.js';
import { SpanTable } from './span-table.js';

const SPAN = offsetsOf(TYPE_REF_SPANS);

/** Kinds of type_ref_spans. */
const BY_GET_TYPE = 0;
const BY_PARTIAL = 1;

/**
 * Spans of type references. `pgtType` is an index into PGT_TYPES, -1 for unknown; `site` that of the call site, -1 for
 * none.
 */
export class TypeFacts {
  private readonly spans: SpanTable;
  private readonly now: CurrentEvent;
  private readonly open = new OpenRefs(SPAN.from_pcpu);
  /** Page slot → the reference that PGT_partial keeps. */
  private readonly partial = new Map<number, number>();

  constructor(writer: FactWriter, now: CurrentEvent) {
    this.spans = new SpanTable(writer.table(TYPE_REF_SPANS), SPAN, now);
    this.now = now;
  }

  /** A get_type that succeeded, and so took over what PGT_partial kept. */
  get(pages: PageTable, slot: number, mfn: number, pgtType: number, site: number): void {
    const partial = this.takePartial(slot);
    if (partial !== 0) this.end(partial, site);
    const span = this.begin(pages, slot, mfn, pgtType, site, BY_GET_TYPE, true);
    this.open.push(this.spans.records, slot, span);
  }

  /** The validation is interrupted: PGT_partial keeps a reference from now on. */
  leavePartial(pages: PageTable, slot: number, mfn: number, pgtType: number, site: number): void {
    this.partial.set(slot, this.begin(pages, slot, mfn, pgtType, site, BY_PARTIAL, true));
  }

  /** A put_type of one of the references, `wasPartial`: of that which PGT_partial keeps. */
  put(
    pages: PageTable,
    slot: number,
    mfn: number,
    pgtType: number,
    site: number,
    wasPartial: boolean,
    underflow: boolean,
  ): void {
    let span = 0;
    if (wasPartial) span = this.takePartial(slot);
    else if (!underflow) span = this.open.take(this.spans.records, slot, this.now.pcpu);
    // Taken before the trace began, or never.
    if (span === 0) span = this.begin(pages, slot, mfn, pgtType, -1, wasPartial ? BY_PARTIAL : BY_GET_TYPE, false);
    if (underflow) this.spans.records[span + SPAN.underflow] = 1;
    this.end(span, site);
  }

  /** The page is allocated anew: what is open of an earlier generation has no end that the trace could still show. */
  pageAlloc(slot: number): void {
    const partial = this.takePartial(slot);
    if (partial !== 0) this.spans.abandon(partial);
    for (;;) {
      const span = this.open.takeLast(this.spans.records, slot);
      if (span === 0) break;
      this.spans.abandon(span);
    }
  }

  lose(): void {
    this.spans.loseAll();
    this.open.clear();
    this.partial.clear();
  }

  private begin(
    pages: PageTable,
    slot: number,
    mfn: number,
    pgtType: number,
    site: number,
    kind: number,
    known: boolean,
  ): number {
    const span = this.spans.begin(known);
    const { records } = this.spans;
    const state = pages.state[slot];
    records[span + SPAN.mfn] = mfn;
    records[span + SPAN.generation] = pages.generation[slot];
    records[span + SPAN.owner] = (state & OWNER_KNOWN) === 0 ? NO_OWNER : pages.owner[slot];
    records[span + SPAN.kind] = kind;
    records[span + SPAN.pgt_type] = pgtType;
    records[span + SPAN.from_caller] = site;
    if (known && (state & COUNT_KNOWN) !== 0) records[span + SPAN.from_count] = pages.count(slot);
    return span;
  }

  private end(span: number, site: number): void {
    this.spans.records[span + SPAN.to_caller] = site;
    this.spans.end(span);
  }

  private takePartial(slot: number): number {
    const span = this.partial.get(slot) ?? 0;
    if (span !== 0) this.partial.delete(slot);
    return span;
  }
}
