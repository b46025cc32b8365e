import {
  BATCH_ROWS,
  type CopiedBatch,
  copyRows,
  copySelectedRows,
  type EventBatch,
  type NewNames,
  namesBeyondInitial,
  type TraceMetadata,
  type TraceReader,
  TraceWriter,
} from '@p2mtrace/trace-format';
import type { OutputOptions } from '@p2mtrace/trace-format/output';

/** Writes one piece. It has all names of its trace, with the same numbers, so columns are copied as they are. */
export class PieceWriter {
  readonly path: string;
  /** Events so far. */
  events = 0;
  private readonly writer: TraceWriter;
  private batch: EventBatch;
  private names: NewNames;

  /** `rows` per batch. @throws P2mError P2M_WRITE, P2M_SCHEMA */
  constructor(
    reader: TraceReader,
    path: string,
    metadata: TraceMetadata,
    rows = BATCH_ROWS,
    options: OutputOptions = {},
  ) {
    this.path = path;
    this.names = namesBeyondInitial(reader);
    this.writer = new TraceWriter(path, metadata, rows, undefined, { ...options, compression: reader.compression });
    this.batch = this.writer.acquire();
  }

  /** Takes the next row: the caller fills it in the returned batch, including `present` and `kind`. */
  nextRow(): EventBatch {
    if (this.batch.rows === this.batch.capacity) this.flush();
    this.batch.rows++;
    this.events++;
    return this.batch;
  }

  /** Appends rows `from` to `to` (exclusive) of a batch of the trace, which has COPIED_COLUMNS. */
  append(source: CopiedBatch, from: number, to: number): void {
    for (let at = from; at < to; ) {
      if (this.batch.rows === this.batch.capacity) this.flush();
      const end = Math.min(to, at + this.batch.capacity - this.batch.rows);
      copyRows(source, at, end, this.batch);
      at = end;
    }
    this.events += to - from;
  }

  /** Appends the rows with these numbers. */
  appendSelected(source: CopiedBatch, rows: Uint32Array): void {
    for (let at = 0; at < rows.length; ) {
      if (this.batch.rows === this.batch.capacity) this.flush();
      const end = Math.min(rows.length, at + this.batch.capacity - this.batch.rows);
      copySelectedRows(source, rows.subarray(at, end), this.batch);
      at = end;
    }
    this.events += rows.length;
  }

  /** Completes the file and gives it its name. */
  finish(metadata: TraceMetadata): void {
    if (this.batch.rows > 0) this.flush();
    this.writer.finish(metadata);
  }

  /** Gives up and removes the file. */
  abort(): void {
    this.writer.abort();
  }

  private flush(): void {
    this.writer.submit(this.batch, this.names);
    this.names = {};
    this.batch = this.writer.acquire();
  }
}
