import { COLUMNS, type ColumnName, type ColumnSpec, type ColumnType, PRESENT, perColumn, RAW_MAX } from './columns.js';
import { transposePresence } from './validity.js';

/** Typed array of a column's values; u64 columns are pairs of u32, low word first, so that no bigint is made. */
type ArrayOf<T extends ColumnType> = T extends 'u64' | 'u32'
  ? Uint32Array
  : T extends 'i32'
    ? Int32Array
    : T extends 'u16'
      ? Uint16Array
      : Uint8Array;

/** The columns as typed arrays. `raw` holds the bytes end to end, `tsc_own` is read through the presence mask. */
export type ColumnArrays = { readonly [K in ColumnName]: ArrayOf<(typeof COLUMNS)[K]['type']> };

/** Bytes a row takes in a column of this type (bits and binary are sized apart). */
export const WIDTH: Record<Exclude<ColumnType, 'bit' | 'binary'>, number> = { u64: 8, u32: 4, i32: 4, u16: 2, u8: 1 };

/**
 * Room for `bytes`, a cache line apart from what follows: arrays whose starts are a power of two apart share their
 * cache sets, and a row touches them all.
 */
const spaced = (bytes: number): number => Math.ceil(bytes / 64) * 64 + 64;

/** Bitmaps are made eight at a time. */
const BITMAPS = Math.ceil(Object.keys(PRESENT).length / 8) * 8;

/**
 * The default number of rows in a record batch: what a replay reads of it, about 1.5 MB, stays in the cache between
 * the read, the checksums and the events.
 */
export const BATCH_ROWS = 16_384;

/** View of a column of this type over `bytes` bytes of memory. */
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

/** Bytes of `rows` values of a column, while it is being filled. */
function valueBytes(type: ColumnType, rows: number): number {
  if (type === 'binary') return rows * RAW_MAX;
  if (type === 'bit') return 0;
  return rows * WIDTH[type];
}

/**
 * A batch of events under construction: one typed array a column and one presence mask a row (bits of PRESENT).
 * Values of absent columns stay 0, so that equal events make equal bytes. All memory is one buffer,
 * so a batch can be handed to a worker without a copy.
 */
export class EventBatch {
  readonly capacity: number;
  readonly memory: ArrayBufferLike;
  readonly columns: ColumnArrays;
  /** Which columns each row has. */
  readonly present: Uint32Array;
  /** The same as Arrow bitmaps, by bit of PRESENT; filled by `fillBitmaps`. */
  readonly bitmaps: readonly Uint8Array[];
  /** All of them, `bitmapBytes` apart. */
  private readonly bitmapMemory: Uint8Array;
  private readonly bitmapBytes: number;
  /** Bytes of `raw` that each row adds. */
  readonly rawLength: Uint8Array;
  rows = 0;
  rawBytes = 0;
  private readonly perRow: (Uint8Array | Uint16Array | Int32Array | Uint32Array)[];

  constructor(capacity: number, memory: ArrayBufferLike = new ArrayBuffer(EventBatch.bytes(capacity))) {
    this.capacity = capacity;
    this.memory = memory;
    let offset = 0;
    const take = (bytes: number) => {
      const at = offset;
      offset += spaced(bytes);
      return at;
    };
    this.columns = perColumn(name => {
      const { type }: ColumnSpec = COLUMNS[name];
      const bytes = valueBytes(type, capacity);
      return columnView(type, memory, take(bytes), bytes);
    }) as ColumnArrays;
    const { raw: _raw, tsc_own: _bits, ...perRow } = this.columns;
    this.perRow = Object.values(perRow);
    this.present = new Uint32Array(memory, take(capacity * 4), capacity);
    this.rawLength = new Uint8Array(memory, take(capacity), capacity);
    const bitmapBytes = Math.ceil(capacity / 8);
    this.bitmapBytes = spaced(bitmapBytes);
    this.bitmapMemory = new Uint8Array(memory, take(BITMAPS * this.bitmapBytes), BITMAPS * this.bitmapBytes);
    this.bitmaps = Array.from({ length: BITMAPS }, (_, bit) =>
      this.bitmapMemory.subarray(bit * this.bitmapBytes, bit * this.bitmapBytes + bitmapBytes),
    );
  }

  /** Size of the memory that a batch of that capacity needs. */
  static bytes(capacity: number): number {
    const specs = Object.values<ColumnSpec>(COLUMNS);
    const bitmaps = BITMAPS * spaced(Math.ceil(capacity / 8));
    const sizes = [...specs.map(spec => valueBytes(spec.type, capacity)), capacity * 4, capacity, bitmaps];
    return sizes.reduce((sum, bytes) => sum + spaced(bytes), 0);
  }

  /** Turns the presence masks into bitmaps; the last step before a batch is sealed. */
  fillBitmaps(): void {
    transposePresence(this.present, this.rows, this.bitmapMemory, this.bitmapBytes);
  }

  /** Adds the payload of an unknown record to the row; at most RAW_MAX bytes. */
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

  /** Empties the batch; `used` says which columns have anything to clear (bits of PRESENT). */
  clear(used = 0xffff_ffff): void {
    const rows = this.rows;
    for (const [name, spec] of Object.entries<ColumnSpec>(COLUMNS)) {
      if (spec.type === 'bit' || (spec.nullable && (used & PRESENT[name as ColumnName]) === 0)) continue;
      const array = this.columns[name as ColumnName];
      array.fill(0, 0, Math.min(array.length, rows * (array.length / this.capacity)));
    }
    this.present.fill(0, 0, rows);
    if (this.rawBytes > 0) this.rawLength.fill(0, 0, rows);
    this.rows = 0;
    this.rawBytes = 0;
  }
}
