import type { CurrentEvent } from '../batch/current-event.js';
import { offsetsOf } from './fact-columns.js';
import { M2P_SPANS } from './fact-specs.js';
import type { FactWriter } from './fact-writer.js';
import { SpanTable } from './span-table.js';

const SPAN = offsetsOf(M2P_SPANS);

/** Spans of M2P entries. */
export class M2pFacts {
  readonly spans: SpanTable;

  constructor(writer: FactWriter, now: CurrentEvent) {
    this.spans = new SpanTable(writer.table(M2P_SPANS), SPAN, now);
  }

  /** An entry is written whose span so far is `before`, 0 for none; `gfn` is negative for none. Returns the new span. */
  set(before: number, mfn: number, gfn: number, shared: boolean, known: boolean): number {
    if (before !== 0) this.spans.end(before);
    const span = this.spans.begin(known);
    const { records } = this.spans;
    records[span + SPAN.mfn] = mfn;
    if (gfn >= 0) records[span + SPAN.gfn] = gfn;
    records[span + SPAN.shared] = shared ? 1 : 0;
    return span;
  }
}
