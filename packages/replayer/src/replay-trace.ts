import { type BatchInfo, BatchMemory, type TraceReader } from '@p2mtrace/trace-format';
import { finishFacts } from './finish-facts.js';
import { FACT_COLUMNS, STATE_COLUMNS } from './replay-batch.js';
import { Replayer, type ReplayOptions } from './replayer.js';

export interface ReplayTraceOptions extends ReplayOptions {
  /** Stop before this seq; the end of the trace where it is absent. */
  readonly until?: number | undefined;
  /** Called with the events applied so far, batch by batch. */
  readonly onProgress?: ((events: number) => void) | undefined;
}

/**
 * Replays a trace from its start. Reads batch by batch; memory follows the live state, not the trace's length.
 * @throws P2mError P2M_DAMAGED where a column does not match its checksum
 */
export function replayTrace(reader: TraceReader, options: ReplayTraceOptions = {}): Replayer {
  const replayer = new Replayer(reader.metadata, options);
  for (const seq of replayBatches(replayer, reader, options.until)) options.onProgress?.(seq);
  finishFacts(replayer);
  return replayer;
}

/**
 * Replays from where the replayer stands up to `until` (exclusive), or the end of the trace; yields after each batch
 * with the seq up to which it came.
 * @throws P2mError P2M_DAMAGED where a column does not match its checksum
 */
export function* replayBatches(
  replayer: Replayer,
  reader: TraceReader,
  until = Number.POSITIVE_INFINITY,
): Generator<number, void> {
  const memory = new BatchMemory();
  const losses = lossStarts(reader);
  for (const info of reader.batches) {
    if (info.firstSeq >= until) break;
    let from = Math.max(0, replayer.seq - info.firstSeq);
    const to = Math.min(info.rows, until - info.firstSeq);
    const begun = losses.filter(({ tsc }) => info.lastTsc !== undefined && tsc <= info.lastTsc);
    losses.splice(0, begun.length);
    if (from >= to) continue;
    const batch = replayer.facts ? reader.read(info, FACT_COLUMNS, memory) : reader.read(info, STATE_COLUMNS, memory);
    for (const { pcpu, tsc } of begun) {
      const at = rowOfTsc(reader, info, tsc);
      if (at < from || at > to) continue;
      replayer.apply(batch, from, at);
      replayer.beginLoss(pcpu);
      from = at;
    }
    replayer.apply(batch, from, to);
    yield info.firstSeq + to;
  }
}

/** Where loss begins, by TSC: known from the import, as a lost event comes after what it is about (X§1.3). */
function lossStarts(reader: TraceReader): { pcpu: number; tsc: bigint }[] {
  return (reader.metadata.health?.lost ?? [])
    .map(({ pcpu, firstTsc }) => ({ pcpu, tsc: BigInt(firstTsc) }))
    .sort((a, b) => (a.tsc < b.tsc ? -1 : a.tsc > b.tsc ? 1 : 0));
}

/** First row of the batch at or behind that TSC. */
function rowOfTsc(reader: TraceReader, info: BatchInfo, tsc: bigint): number {
  const { columns } = reader.read(info, ['tsc']);
  const [low, high] = [Number(tsc & 0xffff_ffffn), Number(tsc >> 32n)];
  for (let row = 0; row < info.rows; row++) {
    const rowHigh = columns.tsc[2 * row + 1];
    if (rowHigh > high || (rowHigh === high && columns.tsc[2 * row] >= low)) return row;
  }
  return info.rows;
}
