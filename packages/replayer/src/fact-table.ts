import { blankRecord, type FactSpec } from './fact-columns.js';
import type { FactChunk, FactSink } from './fact-sink.js';
import { withRoom } from './frame-table.js';
import { RecordChunk } from './record-chunk.js';
import type { StateImage } from './state-image.js';

/** Rows of a chunk: few enough to be in the cache still. */
const CHUNK_ROWS = 512;
/** Links of records that are not open: complete but not handed over, or free (less than this: the next free one). */
const COMPLETE = -1;
const FREE = -2;

/**
 * The open rows of one kind of fact. A row is a record in `records`: its link, then its columns, where `offsetsOf`
 * has them, tsc and u64 as low and high word. Complete rows go to the sink chunk by chunk, as columns; so memory
 * follows what is open, not what was ever found.
 */
export class FactTable<S extends FactSpec = FactSpec> {
  readonly spec: S;
  /** Renewed whenever the table grows: fetch it anew after `open`. */
  records: Float64Array;
  /** Rows that are open. */
  openRows = 0;
  /** Elements of a record. The first record is nobody's, and blank. */
  private readonly size: number;
  /** First free record, 0 for none. */
  private free = 0;
  /** One behind the last record. */
  private end: number;
  private readonly complete = new Int32Array(CHUNK_ROWS);
  private completeRows = 0;
  private readonly sink: FactSink | undefined;
  private readonly chunk: RecordChunk;

  constructor(spec: S, sink?: FactSink) {
    this.spec = spec;
    const blank = blankRecord(spec);
    this.size = blank.length;
    this.end = blank.length;
    this.records = new Float64Array(blank.length * 64);
    this.records.set(blank);
    this.chunk = new RecordChunk(spec, sink?.wanted, this.complete);
    this.sink = this.chunk.isEmpty ? undefined : sink;
  }

  /**
   * Offset of a new record, all of whose values are null, false or 0. Never 0. Its first element, the link, is the
   * caller's own until it is closed: 0 at first, and never to be negative.
   */
  open(): number {
    let at = this.free;
    if (at === 0) at = this.extend();
    else this.free = FREE - this.records[at];
    const { records, size } = this;
    for (let i = 0; i < size; i++) records[at + i] = records[i];
    this.openRows++;
    return at;
  }

  private extend(): number {
    const at = this.end;
    this.end += this.size;
    this.records = withRoom(this.records, this.end);
    return at;
  }

  /** The row is complete; its offset means nothing any more. */
  close(at: number): void {
    this.openRows--;
    if (this.sink === undefined) {
      this.release(at);
      return;
    }
    this.records[at] = COMPLETE;
    this.complete[this.completeRows++] = at;
    if (this.completeRows === CHUNK_ROWS) this.flush();
  }

  private release(at: number): void {
    this.records[at] = FREE - this.free;
    this.free = at;
  }

  /** Offsets of the open rows, going up. Rows may be closed meanwhile. */
  *openOffsets(): Generator<number> {
    for (let at = this.size; at < this.end; at += this.size) if (this.records[at] >= 0) yield at;
  }

  /** Hands over what is complete. */
  flush(): void {
    this.deliver(this.completeRows);
    for (let row = 0; row < this.completeRows; row++) this.release(this.complete[row]);
    this.completeRows = 0;
  }

  /** The trace ends: hands over the open rows too, as they are. They stay open. */
  finish(): void {
    this.flush();
    let rows = 0;
    for (const at of this.openOffsets()) {
      this.complete[rows++] = at;
      if (rows < CHUNK_ROWS) continue;
      this.deliver(rows);
      rows = 0;
    }
    this.deliver(rows);
  }

  private deliver(rows: number): void {
    if (rows > 0) this.sink?.take(this.chunk.show(this.records, rows) as unknown as FactChunk);
  }

  /** The open rows: an image has no others, as it is of a replay without a sink. */
  transfer(image: StateImage): void {
    this.records = image.array('records', this.records);
    this.end = image.number('end', this.end);
    this.free = image.number('free', this.free);
    this.openRows = image.number('openRows', this.openRows);
  }
}
