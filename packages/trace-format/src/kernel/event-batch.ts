import { COLUMN_NAMES, COLUMNS, type ColumnName, type ColumnType, PRESENT } from '../schema/columns.js';
import type { KernelFunctions } from './kernel.js';

/** Typed array of a column's values; u64 columns are pairs of u32, low word first, so that no bigint is made. */
type ArrayOf<T extends ColumnType> = T extends 'u64' | 'u32'
  ? Uint32Array
  : T extends 'i32'
    ? Int32Array
    : T extends 'u16'
      ? Uint16Array
      : Uint8Array;

/** The columns as typed arrays. `raw` holds its bytes end to end; `tsc_own` is a bit of the presence mask. */
export type ColumnArrays = { readonly [K in ColumnName]: ArrayOf<(typeof COLUMNS)[K]['type']> };

/** Bytes per row in a column of this type (bits and binary are sized separately). */
export const WIDTH: Record<Exclude<ColumnType, 'bit' | 'binary'>, number> = { u64: 8, u32: 4, i32: 4, u16: 2, u8: 1 };

/**
 * The default number of rows in a record batch: what a replay reads of it, about 1.5 MB, stays in the cache from
 * the read through the checksums to the events.
 */
export const BATCH_ROWS = 16_384;

/** A view of `bytes` bytes of memory as a column of this type. */
export function columnView(type: ColumnType, memory: ArrayBufferLike, offset: number, bytes: number) {
  switch (type) {
    case 'u64':
    case 'u32':
      return new Uint32Array(memory, offset, bytes / 4);
    case 'i32':
      return new Int32Array(memory, offset, bytes / 4);
    case 'u16':
      return new Uint16Array(memory, offset, bytes / 2);
    default:
      return new Uint8Array(memory, offset, bytes);
  }
}

const NULLABLE = COLUMN_NAMES.filter(name => COLUMNS[name].nullable);

/** What a batch is made of, at its full capacity. */
export interface BatchParts {
  readonly columns: ColumnArrays;
  readonly present: Uint32Array;
  readonly rawLength: Uint8Array;
  /** Room for the bitmaps, `bitmapStride` bytes apart. */
  readonly bitmapMemory: Uint8Array;
  readonly bitmapStride: number;
  /** Of the kernel whose memory holds all of this. */
  readonly functions: KernelFunctions;
}

/**
 * A batch of events under construction: one typed array per column and one presence mask per row (bits of PRESENT).
 * Values of absent columns stay 0, so equal events give equal bytes. Batches are made by a BatchBlock.
 */
export class EventBatch {
  readonly capacity: number;
  /** Where its rows start in the columns of its block. */
  readonly firstRow: number;
  readonly columns: ColumnArrays;
  /** Which columns each row has. */
  readonly present: Uint32Array;
  /** Bytes of `raw` that each row has. */
  readonly rawLength: Uint8Array;
  rows = 0;
  rawBytes = 0;
  /** Columns that at least one row has (bits of PRESENT); known once the bitmaps are filled. */
  used = 0;
  private readonly parts: BatchParts;
  private readonly perRow: (Uint8Array | Uint16Array | Int32Array | Uint32Array)[];

  constructor(parts: BatchParts, firstRow: number) {
    this.parts = parts;
    this.firstRow = firstRow;
    this.columns = parts.columns;
    this.present = parts.present;
    this.rawLength = parts.rawLength;
    this.capacity = parts.present.length;
    const { raw: _raw, tsc_own: _bits, ...perRow } = this.columns;
    this.perRow = Object.values(perRow);
  }

  /** Turns the presence masks into Arrow bitmaps; the last step before a batch is written. */
  fillBitmaps(): void {
    const { functions, bitmapMemory, bitmapStride } = this.parts;
    this.used = functions.transpose(this.present.byteOffset, this.rows, bitmapMemory.byteOffset, bitmapStride);
  }

  /** Numbers the rows from `first` on. */
  fillSeq(first: number): void {
    this.parts.functions.fillSeq(this.columns.seq.byteOffset, this.rows, first);
  }

  /** The whole bitmap of a column, for `capacity` rows. */
  bitmap(name: ColumnName): Uint8Array {
    const { bitmapMemory, bitmapStride } = this.parts;
    const start = bitIndex(PRESENT[name]) * bitmapStride;
    return bitmapMemory.subarray(start, start + Math.ceil(this.capacity / 8));
  }

  /** Number of rows that have a value in the column, once the bitmaps are filled. */
  count(name: ColumnName): number {
    const { functions, bitmapMemory, bitmapStride } = this.parts;
    return functions.countBits(bitmapMemory.byteOffset + bitIndex(PRESENT[name]) * bitmapStride, this.rows);
  }

  /** Stores the payload of an unknown record in the row; at most RAW_MAX bytes. */
  addRaw(row: number, bytes: Uint8Array): void {
    this.columns.raw.set(bytes, this.rawBytes);
    this.rawLength[row] = bytes.length;
    this.rawBytes += bytes.length;
  }

  /** Sets every value of a row to 0. */
  clearRow(row: number): void {
    for (const array of this.perRow) {
      const width = array.length / this.capacity;
      array.fill(0, row * width, (row + 1) * width);
    }
  }

  /** Empties the batch, whose bitmaps must have been filled. */
  clear(): void {
    const { rows, used } = this;
    // seq and kind are set anew for every row.
    for (const name of NULLABLE) {
      if ((used & PRESENT[name]) === 0) continue;
      const array = this.columns[name];
      this.clearFirst(array, rows * (array.byteLength / this.capacity));
    }
    this.clearFirst(this.present, rows * 4);
    if (this.rawBytes > 0) this.clearFirst(this.rawLength, rows);
    this.rows = 0;
    this.rawBytes = 0;
  }

  private clearFirst({ byteOffset }: ArrayBufferView, bytes: number): void {
    this.parts.functions.clear(byteOffset, bytes);
  }
}

const bitIndex = (bit: number) => 31 - Math.clz32(bit);
