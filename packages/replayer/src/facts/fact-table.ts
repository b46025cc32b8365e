import { withRoom } from '../memory/frame-table.js';
import type { StateImage } from '../memory/state-image.js';
import { blankRecord, type FactSpec } from './fact-columns.js';
import type { FactChunk, FactSink } from './fact-sink.js';
import { RecordChunk } from './record-chunk.js';

/** Rows of a chunk: few enough to be in the cache still. */
const CHUNK_ROWS = 256;
/** Link of a record that is not open: complete, or free. */
const NOT_OPEN = -1;

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
  private readonly blank: Float64Array;
  /** One behind the last record. */
  private end: number;
  /** Offsets of free records, the first `freeRows` of them: the last one freed, which a cache has, is used first. */
  private free = new Int32Array(CHUNK_ROWS);
  private freeRows = 0;
  private readonly complete = new Int32Array(CHUNK_ROWS);
  private completeRows = 0;
  private readonly sink: FactSink | undefined;
  private readonly chunk: RecordChunk;

  constructor(spec: S, sink?: FactSink) {
    this.spec = spec;
    this.blank = blankRecord(spec);
    // No record is at 0.
    this.end = this.blank.length;
    this.records = new Float64Array(this.end * 64);
    this.chunk = new RecordChunk(spec, sink?.wanted, this.complete);
    this.sink = this.chunk.isEmpty ? undefined : sink;
  }

  /**
   * Offset of a new record, all of whose values are null, false or 0. Never 0. Its first element, the link, is the
   * caller's own until it is closed: 0 at first, and never to be negative.
   */
  open(): number {
    const at = this.freeRows > 0 ? this.free[--this.freeRows] : this.extend();
    const { blank, records } = this;
    // For so few elements, a call of `set` takes longer.
    for (let i = 0; i < blank.length; i++) records[at + i] = blank[i];
    this.openRows++;
    return at;
  }

  private extend(): number {
    const at = this.end;
    this.end += this.blank.length;
    this.records = withRoom(this.records, this.end);
    return at;
  }

  /** The row is complete; its offset means nothing any more. */
  close(at: number): void {
    this.openRows--;
    this.records[at] = NOT_OPEN;
    this.complete[this.completeRows++] = at;
    if (this.completeRows === CHUNK_ROWS) this.flush();
  }

  /** Records were lost: what is open now may have ended among them. `lost` is where a record says so. */
  loseAll(lost: number): void {
    for (const at of this.openOffsets()) {
      this.records[at + lost] = 1;
      this.close(at);
    }
  }

  /** Offsets of the open rows, going up. Rows may be closed meanwhile. */
  *openOffsets(): Generator<number> {
    for (let at = this.blank.length; at < this.end; at += this.blank.length) if (this.records[at] >= 0) yield at;
  }

  /** Hands over what is complete. */
  flush(): void {
    const rows = this.completeRows;
    this.deliver(rows);
    this.free = withRoom(this.free, this.freeRows + rows);
    this.free.set(this.complete.subarray(0, rows), this.freeRows);
    this.freeRows += rows;
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
    this.flush();
    this.records = image.array('records', this.records);
    this.end = image.number('end', this.end);
    this.free = image.array('free', this.free);
    this.freeRows = image.number('freeRows', this.freeRows);
    this.openRows = image.number('openRows', this.openRows);
  }
}
