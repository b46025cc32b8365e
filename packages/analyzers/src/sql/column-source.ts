/** Bytes per value by type of column; the size of a `blob` varies by row. */
export const VALUE_BYTES = { u64: 8, i64: 8, f64: 8, u32: 4, i32: 4, u16: 2, u8: 1, bool: 1 } as const;
export type FixedType = keyof typeof VALUE_BYTES;

/** A column of a table that SQL can read. */
export interface SourceColumn {
  readonly name: string;
  /** How values are stored in memory; a `bool` is a byte that is 0 or 1. */
  readonly type: FixedType | 'blob';
  /** If set, the (unsigned) values are indices into these names, and the column is an ENUM in SQL. */
  readonly names?: readonly string[] | undefined;
}

export type TypedArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Uint32Array
  | Int32Array
  | BigInt64Array
  | BigUint64Array
  | Float64Array;

/** One column of one batch. */
export interface ColumnValues {
  /** One value per row, VALUE_BYTES each (u64 may be pairs of u32, low word first); for a blob the bytes end to end. */
  readonly values: TypedArray;
  /** Arrow validity bitmap, one bit per row, 1 for present; undefined if every row has a value. */
  readonly validity: Uint8Array | undefined;
  /** For a blob: where each row starts in `values`, and the end. */
  readonly offsets?: Int32Array | undefined;
}

/** Rows of some columns, in the order in which the columns were requested. */
export interface SourceBatch {
  readonly rows: number;
  readonly columns: readonly ColumnValues[];
}

/** Anything that SQL can scan as a table. */
export interface ColumnSource {
  readonly name: string;
  readonly rows: number;
  readonly columns: readonly SourceColumn[];
  /**
   * Reads these columns (indices into `columns`), batch by batch. A batch is valid until the next one is requested.
   * Scans are independent of each other. Errors thrown here become the error of the query.
   */
  scan(wanted: readonly number[]): Iterator<SourceBatch>;
}
