import {
  type ColumnSource,
  type ColumnValues,
  type FixedType,
  type SourceBatch,
  type TypedArray,
  VALUE_BYTES,
} from './column-source.js';

/** A column of a table in memory. Arrays may be longer than the table has rows, as growable ones are. */
export interface FactColumn {
  readonly name: string;
  /** `seq`: whole numbers below 2^53, a NaN for null, and UBIGINT in SQL. */
  readonly type: FixedType | 'seq';
  /**
   * One value a row. u64: pairs of u32, low word first; i64: BigInt64Array or such pairs; seq and f64: Float64Array;
   * bool: bytes 0 or 1.
   */
  readonly values: TypedArray;
  /** One byte a row, 1 where the row has a value; all have one if absent. */
  readonly valid?: Uint8Array | undefined;
  /** Makes the column an ENUM: its (u8, u16 or u32) values are indices into the names. */
  readonly names?: readonly string[] | undefined;
}

/** Rows that a replay found, by column. */
export interface FactTable {
  readonly name: string;
  readonly rows: number;
  readonly columns: readonly FactColumn[];
}

/** Rows converted at a time: a multiple of what DuckDB takes, small enough for the cache. */
const BATCH = 16_384;

/** A table in memory as a table of SQL. Nothing is copied before it is read. */
export function factSource(table: FactTable): ColumnSource {
  const columns = table.columns.map(({ name, type, names }) => ({ name, type: type === 'seq' ? 'u64' : type, names }));
  return {
    name: table.name,
    get rows() {
      return table.rows;
    },
    columns: columns as ColumnSource['columns'],
    scan: wanted => scanFacts(table, wanted),
  };
}

function* scanFacts(table: FactTable, wanted: readonly number[]): Generator<SourceBatch, void> {
  const readers = wanted.map(index => {
    const column = table.columns[index];
    return column.type === 'seq' ? seqReader(column.values as Float64Array) : plainReader(column, column.type);
  });
  for (let start = 0; start < table.rows; start += BATCH) {
    const rows = Math.min(BATCH, table.rows - start);
    yield { rows, columns: readers.map(read => read(start, rows)) };
  }
}

type Read = (start: number, rows: number) => ColumnValues;

function plainReader({ values, valid }: FactColumn, type: FixedType): Read {
  const lanes = VALUE_BYTES[type] / values.BYTES_PER_ELEMENT;
  const validity = valid && new Uint8Array(BATCH / 8);
  return (start, rows) => {
    if (validity !== undefined) packBits(row => valid![start + row] !== 0, rows, validity);
    return { values: values.subarray(start * lanes, (start + rows) * lanes), validity };
  };
}

/** Numbers to u64 pairs; a BigUint64Array would make a bigint of each. */
function seqReader(seqs: Float64Array): Read {
  const pairs = new Uint32Array(2 * BATCH);
  const validity = new Uint8Array(BATCH / 8);
  return (start, rows) => {
    for (let row = 0; row < rows; row++) {
      const seq = seqs[start + row];
      pairs[2 * row] = seq;
      pairs[2 * row + 1] = seq / 0x1_0000_0000;
    }
    packBits(row => !Number.isNaN(seqs[start + row]), rows, validity);
    return { values: pairs.subarray(0, 2 * rows), validity };
  };
}

function packBits(isSet: (row: number) => boolean, rows: number, bits: Uint8Array): void {
  bits.fill(0);
  for (let row = 0; row < rows; row++) if (isSet(row)) bits[row >>> 3] |= 1 << (row & 7);
}
