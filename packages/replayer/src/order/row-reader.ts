import type { ColumnName, ReadBatch, RowBatch, TraceRows } from '@p2mtrace/trace-format';
import type { ReplayBatch, StateColumn } from '../batch/replay-batch.js';

/** Batches kept: what is read next is usually close to what was read before. */
const KEPT = 12;

/** A batch as read by a replay with facts. */
export type TimedBatch = ReplayBatch & ReadBatch<StateColumn | 'tsc'>;

/** Rows before and after those of the replay's current position, with these columns. */
export class RowReader<C extends ColumnName = StateColumn | 'tsc'> {
  private readonly reader: TraceRows;
  private readonly columns: readonly C[];
  private readonly kept = new Map<number, ReadBatch<C>>();
  private pcpuCount: number | undefined;

  constructor(reader: TraceRows, columns: readonly C[]) {
    this.reader = reader;
    this.columns = columns;
  }

  /** seq of the first row, and one after the last. */
  get start(): number {
    return this.reader.batches[0]?.firstSeq ?? 0;
  }
  get end(): number {
    return this.start + this.reader.rows;
  }

  /** Number of pcpus that the trace has rows of. */
  get pcpus(): number {
    if (this.reader.pcpus !== undefined) return this.reader.pcpus;
    this.pcpuCount ??= this.reader.metadata.health?.pcpus.length ?? this.countPcpus();
    return this.pcpuCount;
  }

  /** The row of an event of the trace. @throws P2mError P2M_DAMAGED */
  at(seq: number): { readonly batch: ReadBatch<C>; readonly row: number } {
    const { batches } = this.reader;
    let [low, high] = [0, batches.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (batches[middle].firstSeq <= seq) low = middle;
      else high = middle - 1;
    }
    const batch = this.read(batches[low]);
    return { batch, row: seq - batch.firstSeq };
  }

  private read(info: RowBatch): ReadBatch<C> {
    const { index } = info;
    let batch = this.kept.get(index);
    if (batch === undefined) {
      batch = this.reader.read(info, this.columns);
      this.kept.set(index, batch);
      if (this.kept.size > KEPT) this.kept.delete(this.kept.keys().next().value as number);
    }
    return batch;
  }

  private countPcpus(): number {
    const all = new Set<number>();
    for (const info of this.reader.batches)
      for (const pcpu of this.reader.read(info, ['pcpu']).columns.pcpu) all.add(pcpu);
    return all.size;
  }
}
