import { type BatchInfo, BatchMemory, type TraceReader } from '@p2mtrace/trace-format';
import { FACT_COLUMNS, type ReplayBatch, STATE_COLUMNS } from './batch/replay-batch.js';
import { Certainty, ORDER_COLUMNS } from './order/certainty.js';
import { LOOKUP_COLUMNS } from './order/lookup-order.js';
import { RowReader } from './order/row-reader.js';
import { Replayer, type RowsAround } from './replayer.js';
import { clockSlack } from './state/clock-slack.js';

/** Where a pcpu began to lose records: before the event with this seq. */
export interface LossStart {
  readonly seq: number;
  readonly pcpu: number;
  /** Index into the metadata's `lost`. */
  readonly index: number;
}

/** Feeds the events of a trace to replayers, from wherever they are. */
export class EventFeed {
  private readonly reader: TraceReader;
  private readonly losses: readonly LossStart[];
  private readonly facts: boolean;
  private readonly memory = new BatchMemory();
  private readonly around: RowsAround;
  /** The batch in `memory`, so that steps inside a batch read it once. */
  private held: ReplayBatch | undefined;

  /** `facts`: also read what replays with facts need. @throws P2mError P2M_DAMAGED */
  constructor(reader: TraceReader, facts = false) {
    this.reader = reader;
    this.facts = facts;
    const order = reader.metadata.health?.order;
    this.around = {
      rows: new RowReader(reader, FACT_COLUMNS),
      lookups: new RowReader(reader, LOOKUP_COLUMNS),
      certainty: new Certainty(new RowReader(reader, ORDER_COLUMNS), clockSlack(order), order),
    };
    this.losses = lossStarts(reader);
  }

  /** A replayer before the first event. */
  start(): Replayer {
    const replayer = new Replayer(this.reader);
    replayer.seq = this.reader.batches[0]?.firstSeq ?? 0;
    return replayer;
  }

  /** Applies the events from `replayer.seq` up to `to`, exclusive. @throws P2mError P2M_DAMAGED */
  advance(replayer: Replayer, to: number, onProgress?: (events: number) => void): void {
    const { batches } = this.reader;
    replayer.follow(this.around);
    for (let i = batchOf(batches, replayer.seq); i < batches.length && batches[i].firstSeq < to; i++) {
      const batch = this.read(batches[i]);
      const end = Math.min(to - batch.firstSeq, batch.rows);
      let from = Math.max(0, replayer.seq - batch.firstSeq);
      for (const { seq, pcpu } of this.losses) {
        const row = seq - batch.firstSeq;
        if (row < from || row >= end) continue;
        replayer.apply(batch, from, row);
        replayer.beginLoss(pcpu);
        from = row;
      }
      replayer.apply(batch, from, end);
      onProgress?.(batch.firstSeq + end);
    }
  }

  private read(info: BatchInfo): ReplayBatch {
    if (this.held?.firstSeq !== info.firstSeq) {
      this.held = undefined;
      this.held = this.facts
        ? this.reader.read(info, FACT_COLUMNS, this.memory)
        : this.reader.read(info, STATE_COLUMNS, this.memory);
    }
    return this.held;
  }
}

/** Index of the batch that has the event. */
function batchOf(batches: readonly BatchInfo[], seq: number): number {
  let [low, high] = [0, batches.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (batches[middle].firstSeq + batches[middle].rows <= seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Where losses begin, by TSC: known from the import, as a lost event comes after the loss itself
 * (docs/xen.md#lost-records). In order of seq, those of the metadata's `lost` whose TSC the trace reaches.
 */
export function lossStarts(reader: TraceReader): LossStart[] {
  const starts: LossStart[] = [];
  for (const [index, { pcpu, firstTsc }] of (reader.metadata.health?.lost ?? []).entries()) {
    const tsc = BigInt(firstTsc);
    const info = reader.batches.find(({ lastTsc }) => lastTsc !== undefined && tsc <= lastTsc);
    if (info !== undefined) starts.push({ seq: info.firstSeq + rowOfTsc(reader, info, tsc), pcpu, index });
  }
  return starts.sort((a, b) => a.seq - b.seq);
}

/** First row of the batch at or after this TSC. */
function rowOfTsc(reader: TraceReader, info: BatchInfo, tsc: bigint): number {
  const { columns } = reader.read(info, ['tsc']);
  const [low, high] = [Number(tsc & 0xffff_ffffn), Number(tsc >> 32n)];
  for (let row = 0; row < info.rows; row++) {
    const rowHigh = columns.tsc[2 * row + 1];
    if (rowHigh > high || (rowHigh === high && columns.tsc[2 * row] >= low)) return row;
  }
  return info.rows;
}
