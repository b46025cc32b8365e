import {
  type ColumnSource,
  type ColumnValues,
  type FixedType,
  type SourceBatch,
  type TypedArray,
  VALUE_BYTES,
} from './column-source.js';

/** A column of a table in memory. Arrays may be longer than the table, as growable ones are. */
export interface FactColumn {
  readonly name: string;
  /**
   * How values are stored in memory, or one of four types with a null value of their own: `seq` for whole numbers below
   * 2^53 (f64, NaN is null; UBIGINT in SQL), `id` (i32, -1 is null; INTEGER), `code` (i8, -1 is null; only with names),
   * `tsc` (u64, 0 is null; UBIGINT).
   */
  readonly type: FixedType | 'seq' | 'id' | 'code' | 'tsc';
  /**
   * One value per row. u64 and tsc: pairs of u32, low word first; i64: BigInt64Array or such pairs; seq and f64:
   * Float64Array; bool: bytes 0 or 1.
   */
  readonly values: TypedArray;
  /** One byte per row, 1 if the row has a value; if absent, all rows have one. Not for types with their own null. */
  readonly valid?: Uint8Array | undefined;
  /** Makes the column an ENUM: its (u8, u16, u32, id or code) values are indices into the names. */
  readonly names?: readonly string[] | undefined;
}

/** Rows found by a replay, by column. */
export interface FactTable {
  readonly name: string;
  readonly rows: number;
  readonly columns: readonly FactColumn[];
}

/** Rows converted at a time: a multiple of what DuckDB takes, small enough for the cache. */
const BATCH = 16_384;

/** One or more tables in memory with the same columns, as one SQL table. Nothing is copied before it is read. */
export function factSource(tables: readonly FactTable[]): ColumnSource {
  const [{ name, columns }] = tables;
  return {
    name,
    rows: tables.reduce((sum, { rows }) => sum + rows, 0),
    columns: columns.map(({ name, type, names }) => ({ name, type: storedType(type), names })),
    *scan(wanted) {
      for (const table of tables) yield* scanFacts(table, wanted);
    },
  };
}

function storedType(type: FactColumn['type']): FixedType {
  switch (type) {
    case 'seq':
    case 'tsc':
      return 'u64';
    case 'id':
      return 'i32';
    case 'code':
      return 'u8';
    default:
      return type;
  }
}

function* scanFacts(table: FactTable, wanted: readonly number[]): Generator<SourceBatch, void> {
  const readers = wanted.map(index => columnReader(table.columns[index]));
  for (let start = 0; start < table.rows; start += BATCH) {
    const rows = Math.min(BATCH, table.rows - start);
    yield { rows, columns: readers.map(read => read(start, rows)) };
  }
}

type Read = (start: number, rows: number) => ColumnValues;

function columnReader({ type, values, valid }: FactColumn): Read {
  const isPresent = presence(type, values, valid);
  const bitmap = new Uint8Array(Math.min(BATCH, values.length) / 8 + 1);
  const stored =
    type === 'seq' ? u64Reader(values as Float64Array) : sliceReader(values, VALUE_BYTES[storedType(type)]);
  return (start, rows) => {
    if (isPresent !== undefined) packBits(start, rows, isPresent, bitmap);
    return { values: stored(start, rows), validity: isPresent && bitmap };
  };
}

/** Whether a row has a value; undefined if all have. */
function presence(type: FactColumn['type'], values: TypedArray, valid: Uint8Array | undefined) {
  switch (type) {
    case 'seq':
      return (row: number) => !Number.isNaN(values[row] as number);
    case 'id':
    case 'code':
      return (row: number) => values[row] !== -1;
    case 'tsc':
      return (row: number) => values[2 * row] !== 0 || values[2 * row + 1] !== 0;
    default:
      return valid && ((row: number) => valid[row] !== 0);
  }
}

/** Copies the values unchanged. */
function sliceReader(values: TypedArray, bytes: number) {
  const lanes = bytes / values.BYTES_PER_ELEMENT;
  return (start: number, rows: number) => values.subarray(start * lanes, (start + rows) * lanes);
}

/** Converts numbers to u64 pairs; a BigUint64Array would make a bigint of each. */
function u64Reader(numbers: Float64Array) {
  const pairs = new Uint32Array(2 * Math.min(BATCH, numbers.length));
  return (start: number, rows: number) => {
    for (let row = 0; row < rows; row++) {
      const number = numbers[start + row];
      pairs[2 * row] = number;
      pairs[2 * row + 1] = number / 0x1_0000_0000;
    }
    return pairs.subarray(0, 2 * rows);
  };
}

function packBits(start: number, rows: number, isSet: (row: number) => boolean, bits: Uint8Array): void {
  bits.fill(0);
  for (let row = 0; row < rows; row++) if (isSet(start + row)) bits[row >>> 3] |= 1 << (row & 7);
}
