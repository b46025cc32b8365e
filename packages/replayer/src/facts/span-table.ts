import type { CurrentEvent } from '../batch/current-event.js';
import type { FactTable } from './fact-table.js';

/** Where a table of spans has the columns that say when. */
interface SpanOffsets {
  readonly from_seq: number;
  readonly from_tsc: number;
  readonly from_pcpu: number;
  readonly to_seq: number;
  readonly to_tsc: number;
  readonly to_pcpu: number;
  readonly lost: number;
}

/**
 * Spans of a rare kind: begins and ends them with the event of the moment. All else of a row is its owner's, behind
 * the span's offset in `records`. The frequent kinds write their spans themselves.
 */
export class SpanTable {
  private readonly table: Pick<FactTable, 'records' | 'open' | 'close' | 'loseAll'>;
  private readonly now: CurrentEvent;
  // One by one: `at` is an object of another shape for each table, and what meets several shapes is slow.
  private readonly fromSeq: number;
  private readonly fromTsc: number;
  private readonly fromPcpu: number;
  private readonly toSeq: number;
  private readonly toTsc: number;
  private readonly toPcpu: number;
  private readonly lost: number;

  constructor(table: Pick<FactTable, 'records' | 'open' | 'close' | 'loseAll'>, at: SpanOffsets, now: CurrentEvent) {
    this.table = table;
    this.now = now;
    this.fromSeq = at.from_seq;
    this.fromTsc = at.from_tsc;
    this.fromPcpu = at.from_pcpu;
    this.toSeq = at.to_seq;
    this.toTsc = at.to_tsc;
    this.toPcpu = at.to_pcpu;
    this.lost = at.lost;
  }

  /** Renewed by `begin`. */
  get records(): Float64Array {
    return this.table.records;
  }

  /** Offset of a new span, never 0. One that is not `known` from its beginning on was there before. */
  begin(known = true): number {
    const span = this.table.open();
    if (!known) return span;
    const { records } = this.table;
    records[span + this.fromSeq] = this.now.seq;
    records[span + this.fromPcpu] = this.now.pcpu;
    this.now.stamp(records, span + this.fromTsc);
    return span;
  }

  end(span: number): void {
    const { records } = this.table;
    records[span + this.toSeq] = this.now.seq;
    records[span + this.toPcpu] = this.now.pcpu;
    this.now.stamp(records, span + this.toTsc);
    this.table.close(span);
  }

  /** The span has ended, nobody knows when. */
  lose(span: number): void {
    this.table.records[span + this.lost] = 1;
    this.table.close(span);
  }

  /** The trace cannot show its end any more. */
  abandon(span: number): void {
    this.table.close(span);
  }

  /** Records were lost: every span may have ended among them. */
  loseAll(): void {
    this.table.loseAll(this.lost);
  }
}
