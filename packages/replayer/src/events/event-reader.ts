import { type BatchInfo, BatchMemory, COLUMN_NAMES, EventEncoder, type TraceReader } from '@p2mtrace/trace-format';

/** An event as in NDJSON: `seq`, `kind`, then the fields of that kind; frames and bit fields are 0x… text. */
export interface TraceEvent {
  readonly seq: number;
  readonly kind: string;
  readonly [field: string]: string | number | boolean | readonly string[];
}

/** Batches kept for later calls. */
const KEPT = 4;

/** Complete events by seq: for showing a few, not for going through many. */
export class EventReader {
  private readonly reader: TraceReader;
  /** By first seq of the batch; the one used last is at the end. */
  private readonly kept = new Map<number, { readonly encoder: EventEncoder; readonly memory: BatchMemory }>();

  constructor(reader: TraceReader) {
    this.reader = reader;
  }

  /** The event with this seq; undefined if the trace has none. @throws P2mError P2M_DAMAGED, P2M_NDJSON */
  at(seq: number): TraceEvent | undefined {
    const info = this.reader.batches.find(({ firstSeq, rows }) => seq >= firstSeq && seq < firstSeq + rows);
    return info === undefined ? undefined : JSON.parse(this.encoder(info).encode(seq - info.firstSeq));
  }

  private encoder(info: BatchInfo): EventEncoder {
    const batch = this.kept.get(info.firstSeq) ?? this.read(info);
    this.kept.delete(info.firstSeq);
    this.kept.set(info.firstSeq, batch);
    return batch.encoder;
  }

  private read(info: BatchInfo) {
    const [oldest] = this.kept;
    let memory = new BatchMemory();
    if (this.kept.size === KEPT) {
      memory = oldest[1].memory;
      this.kept.delete(oldest[0]);
    }
    const encoder = new EventEncoder(this.reader.read(info, COLUMN_NAMES, memory), this.reader.names);
    return { encoder, memory };
  }
}
