import {
  blankRecord,
  type FactArray,
  type FactColumnSpec,
  type FactSpec,
  factArray,
  firstRows,
  offsetsOf,
} from './fact-columns.js';
import { type FactChunk, type FactSink, selectedColumns } from './fact-sink.js';
import { withRoom } from './frame-table.js';
import type { StateImage } from './state-image.js';

/** Rows of a full chunk: small enough for a cache, large enough that handing one over costs nothing a row. */
const CHUNK_ROWS = 1024;
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
  private readonly blank: Float64Array;
  /** First free record, 0 for none: no record is at 0. */
  private free = 0;
  /** One behind the last record. */
  private end: number;
  private readonly complete = new Int32Array(CHUNK_ROWS);
  private completeRows = 0;
  private readonly sink: FactSink | undefined;
  private readonly wanted: readonly {
    readonly spec: FactColumnSpec;
    readonly at: number;
    readonly values: FactArray;
  }[];

  constructor(spec: S, sink?: FactSink) {
    this.spec = spec;
    this.blank = blankRecord(spec);
    this.end = this.blank.length;
    this.records = new Float64Array(this.blank.length * 64);
    const at: Readonly<Record<string, number>> = offsetsOf<FactSpec>(spec);
    this.wanted = (sink === undefined ? [] : selectedColumns(spec, sink.wanted)).map(column => {
      return { spec: column, at: at[column.name], values: factArray(column.type, CHUNK_ROWS) };
    });
    this.sink = this.wanted.length === 0 ? undefined : sink;
  }

  /**
   * Offset of a new record, all of whose values are null, false or 0. Never 0. Its first element, the link, is the
   * caller's own until it is closed: 0 at first, and never to be negative.
   */
  open(): number {
    let at = this.free;
    if (at === 0) at = this.extend();
    else this.free = FREE - this.records[at];
    const { records, blank } = this;
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
    for (let at = this.blank.length; at < this.end; at += this.blank.length) if (this.records[at] >= 0) yield at;
  }

  /** Hands over what is complete. */
  flush(): void {
    this.deliver(this.complete, this.completeRows);
    for (let row = 0; row < this.completeRows; row++) this.release(this.complete[row]);
    this.completeRows = 0;
  }

  /** The trace ends: hands over the open rows too, as they are. They stay open. */
  finish(): void {
    this.flush();
    if (this.sink === undefined) return;
    const open = new Int32Array(CHUNK_ROWS);
    let rows = 0;
    for (const at of this.openOffsets()) {
      open[rows++] = at;
      if (rows < CHUNK_ROWS) continue;
      this.deliver(open, rows);
      rows = 0;
    }
    this.deliver(open, rows);
  }

  /** The open rows: an image has no others, as it is of a replay without a sink. */
  transfer(image: StateImage): void {
    this.records = image.array('records', this.records);
    this.end = image.number('end', this.end);
    this.free = image.number('free', this.free);
    this.openRows = image.number('openRows', this.openRows);
  }

  private deliver(offsets: Int32Array, rows: number): void {
    if (this.sink === undefined || rows === 0) return;
    const columns: Record<string, FactArray> = {};
    for (const { spec, at, values } of this.wanted) {
      if (values instanceof Uint32Array) gatherPairs(this.records, offsets, rows, at, values);
      else if (values instanceof Float64Array) gatherNumbers(this.records, offsets, rows, at, values);
      else if (values instanceof Int32Array) gatherIds(this.records, offsets, rows, at, values);
      else gatherBytes(this.records, offsets, rows, at, values);
      columns[spec.name] = rows === CHUNK_ROWS ? values : firstRows(values, spec.type, rows);
    }
    this.sink.take({ table: this.spec.name, rows, columns } as unknown as FactChunk);
  }
}

// One loop for each type of array, as a loop that meets several is slow.

function gatherNumbers(records: Float64Array, offsets: Int32Array, rows: number, at: number, to: Float64Array): void {
  for (let row = 0; row < rows; row++) to[row] = records[offsets[row] + at];
}

function gatherIds(records: Float64Array, offsets: Int32Array, rows: number, at: number, to: Int32Array): void {
  for (let row = 0; row < rows; row++) to[row] = records[offsets[row] + at];
}

function gatherBytes(
  records: Float64Array,
  offsets: Int32Array,
  rows: number,
  at: number,
  to: Int8Array | Uint8Array,
): void {
  for (let row = 0; row < rows; row++) to[row] = records[offsets[row] + at];
}

function gatherPairs(records: Float64Array, offsets: Int32Array, rows: number, at: number, to: Uint32Array): void {
  for (let row = 0; row < rows; row++) {
    to[2 * row] = records[offsets[row] + at];
    to[2 * row + 1] = records[offsets[row] + at + 1];
  }
}
