import type { CurrentEvent } from '../batch/current-event.js';
import { offsetsOf } from './fact-columns.js';
import { OVERRIDE_SPANS } from './fact-specs.js';
import type { FactWriter } from './fact-writer.js';
import { SpanTable } from './span-table.js';

const SPAN = offsetsOf(OVERRIDE_SPANS);

/** Spans of M2P overrides. Old frames are negative for none and NaN for unknown, which are both null. */
export class LinuxFacts {
  readonly spans: SpanTable;

  constructor(writer: FactWriter, now: CurrentEvent) {
    this.spans = new SpanTable(writer.table(OVERRIDE_SPANS), SPAN, now);
  }

  /** Returns the new span. */
  add(domid: number, pfn: number, mfn: number, oldMfn: number, known: boolean): number {
    const span = this.spans.begin(known);
    const { records } = this.spans;
    records[span + SPAN.domid] = domid;
    records[span + SPAN.gfn] = pfn;
    records[span + SPAN.mfn] = mfn;
    if (oldMfn >= 0) records[span + SPAN.old_mfn] = oldMfn;
    return span;
  }

  /** A page leaves that the trace did not see join. */
  removeUnseen(domid: number, pfn: number, mfn: number, restoredMfn: number): void {
    this.remove(this.add(domid, pfn, mfn, Number.NaN, false), restoredMfn);
  }

  remove(span: number, restoredMfn: number): void {
    if (restoredMfn >= 0) this.spans.records[span + SPAN.restored_mfn] = restoredMfn;
    this.spans.end(span);
  }
}
