import {
  BATCH_ROWS,
  type CopiedBatch,
  copyRows,
  copySelectedRows,
  type EventBatch,
  type LocalPool,
  type NewNames,
  namesBeyondInitial,
  type TraceMetadata,
  type TraceRows,
  TraceWriter,
  type WriterOptions,
} from '@p2mtrace/trace-format';

/** Writes one piece. It has all names of its trace, with the same numbers, so columns are copied as they are. */
export class PieceWriter {
  readonly path: string;
  /** Events so far. */
  events = 0;
  private readonly writer: TraceWriter;
  private batch: EventBatch;
  private names: NewNames;

  /** `rows` per batch, if no pool has them. @throws P2mError P2M_WRITE, P2M_SCHEMA */
  constructor(
    reader: Pick<TraceRows, 'names' | 'path' | 'compression'>,
    path: string,
    metadata: TraceMetadata,
    rows = BATCH_ROWS,
    options: WriterOptions = {},
    pool?: LocalPool,
  ) {
    this.path = path;
    this.names = namesBeyondInitial(reader);
    this.writer = new TraceWriter(path, metadata, rows, pool, { compression: reader.compression, ...options });
    this.batch = this.writer.acquire();
  }

  /** Names that the trace has got since the piece was begun. */
  addNames(names: NewNames): void {
    for (const [name, added] of Object.entries(names)) {
      this.names = { ...this.names, [name]: [...(this.names[name as keyof NewNames] ?? []), ...added] };
    }
  }

  /** Bytes of the file so far. */
  get bytes(): number {
    return this.writer.bytes;
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
