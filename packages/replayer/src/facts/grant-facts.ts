import { FLAG } from '@p2mtrace/trace-format';
import type { CurrentEvent } from '../batch/current-event.js';
import { offsetsOf } from './fact-columns.js';
import { GRANT_SPANS } from './fact-specs.js';
import type { FactWriter } from './fact-writer.js';
import { SpanTable } from './span-table.js';

const SPAN = offsetsOf(GRANT_SPANS);

/** Spans of grant mappings. */
export class GrantFacts {
  readonly spans: SpanTable;

  constructor(writer: FactWriter, now: CurrentEvent) {
    this.spans = new SpanTable(writer.table(GRANT_SPANS), SPAN, now);
  }

  /** Returns the new span. Absent domains and frames are negative, absent refs and handles NaN. */
  map(
    domid: number,
    owner: number,
    mfn: number,
    gfn: number,
    ref: number,
    handle: number,
    flags: number,
    known: boolean,
  ): number {
    const span = this.spans.begin(known);
    const { records } = this.spans;
    records[span + SPAN.domid] = domid;
    records[span + SPAN.owner] = owner;
    if (mfn >= 0) records[span + SPAN.mfn] = mfn;
    if (gfn >= 0) records[span + SPAN.gfn] = gfn;
    records[span + SPAN.ref] = ref;
    records[span + SPAN.handle] = handle;
    records[span + SPAN.readonly] = (flags & FLAG.readonly) === 0 ? 0 : 1;
    records[span + SPAN.device_map] = (flags & FLAG.device_map) === 0 ? 0 : 1;
    records[span + SPAN.host_map] = (flags & FLAG.host_map) === 0 ? 0 : 1;
    return span;
  }
}
