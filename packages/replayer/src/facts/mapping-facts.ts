import type { CurrentEvent } from '../batch/current-event.js';
import { framesOf } from '../memory/order.js';
import { NO_ACCESS } from '../tables/p2m-table.js';
import { offsetsOf } from './fact-columns.js';
import { MAPPING_SPANS } from './fact-specs.js';
import type { FactTable } from './fact-table.js';
import type { FactWriter } from './fact-writer.js';

const MAPPING = offsetsOf(MAPPING_SPANS);

/** Spans of p2m entries. */
export class MappingFacts {
  private readonly spans: FactTable<typeof MAPPING_SPANS>;
  private readonly now: CurrentEvent;

  constructor(writer: FactWriter, now: CurrentEvent) {
    this.spans = writer.table(MAPPING_SPANS);
    this.now = now;
  }

  /** Returns the tag of the new span. `known` false: the entry was there before. */
  open(
    domid: number,
    view: number,
    gfn: number,
    mfn: number,
    order: number,
    type: number,
    access: number,
    known: boolean,
  ): number {
    const at = this.spans.open();
    const { records } = this.spans;
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

  close(at: number): void {
    const { records } = this.spans;
    records[at + MAPPING.to_seq] = this.now.seq;
    records[at + MAPPING.to_pcpu] = this.now.pcpu;
    this.now.stamp(records, at + MAPPING.to_tsc);
    this.spans.close(at);
  }

  /** One span ends, and parts of the next order begin, whose tags are written to `parts`. */
  split(at: number, gfn: number, mfn: number, order: number, parts: Int32Array): void {
    const whole = this.spans.records.subarray(at);
    const [domid, view] = [whole[MAPPING.domid], whole[MAPPING.view]];
    const [type, access] = [whole[MAPPING.p2m_type], whole[MAPPING.access]];
    this.close(at);
    const step = framesOf(order);
    for (let i = 0; i < parts.length; i++) {
      const part = mfn < 0 ? -1 : mfn + i * step;
      parts[i] = this.open(domid, view, gfn + i * step, part, order, type, access < 0 ? NO_ACCESS : access, true);
      this.spans.records[parts[i] + MAPPING.from_split] = 1;
    }
  }

  /** Records were lost: what is open now may have ended among them. */
  lose(): void {
    this.spans.loseAll(MAPPING.lost);
  }
}
