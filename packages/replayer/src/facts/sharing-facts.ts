import type { CurrentEvent } from '../batch/current-event.js';
import { offsetsOf } from './fact-columns.js';
import { RMAP_SPANS } from './fact-specs.js';
import type { FactWriter } from './fact-writer.js';
import { SpanTable } from './span-table.js';

const SPAN = offsetsOf(RMAP_SPANS);

/** Spans of members of reverse maps. */
export class SharingFacts {
  readonly spans: SpanTable;

  constructor(writer: FactWriter, now: CurrentEvent) {
    this.spans = new SpanTable(writer.table(RMAP_SPANS), SPAN, now);
  }

  /** Returns the new span. */
  join(mfn: number, domid: number, gfn: number, known: boolean): number {
    const span = this.spans.begin(known);
    const { records } = this.spans;
    records[span + SPAN.mfn] = mfn;
    records[span + SPAN.domid] = domid;
    records[span + SPAN.gfn] = gfn;
    return span;
  }

  /** A member leaves that the trace did not see join. */
  leaveUnseen(mfn: number, domid: number, gfn: number): void {
    this.spans.end(this.join(mfn, domid, gfn, false));
  }
}
