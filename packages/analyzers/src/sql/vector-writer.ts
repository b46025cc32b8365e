import type { DuckDBType } from '@duckdb/node-api';
import { isValid, P2mError } from '@p2mtrace/trace-format';
import { type ColumnValues, type SourceColumn, type TypedArray, VALUE_BYTES } from './column-source.js';
import { bindings, duckdb, type Vector } from './duckdb.js';

const SQL_TYPES = {
  u64: 'UBIGINT',
  i64: 'BIGINT',
  f64: 'DOUBLE',
  u32: 'UINTEGER',
  i32: 'INTEGER',
  u16: 'USMALLINT',
  u8: 'UTINYINT',
  bool: 'BOOLEAN',
  blob: 'BLOB',
} as const satisfies Record<SourceColumn['type'], string>;

/**
 * The SQL type of a column.
 * @throws P2mError P2M_NAMES for names that no ENUM can have: DuckDB would silently omit such a column
 */
export function sqlType(column: SourceColumn): DuckDBType {
  if (column.names === undefined) return duckdb()[SQL_TYPES[column.type]];
  let type = ENUMS.get(column.names);
  if (type === undefined) {
    type = enumType(column.name, column.names);
    ENUMS.set(column.names, type);
  }
  return type;
}

/** DuckDB copies the names of each ENUM, which may be 100,000. */
const ENUMS = new WeakMap<readonly string[], DuckDBType>();

function enumType(column: string, names: readonly string[]): DuckDBType {
  if (new Set(names).size < names.length || names.some(name => name.includes('\0'))) {
    throw new P2mError('P2M_NAMES', `the names of column ${column} hold one twice, or one with a NUL`, {
      place: { field: column },
      remedy: 'import the capture again',
    });
  }
  return duckdb().ENUM(names);
}

/** Copies one column, batch by batch, into DuckDB's vectors. */
export interface VectorWriter {
  /** Starts the next batch. */
  load(column: ColumnValues, rows: number): void;
  /** Writes rows of the batch to the start of the vector; `start` is a multiple of 8. */
  write(vector: Vector, start: number, rows: number): void;
}

export function vectorWriter(column: SourceColumn): VectorWriter {
  if (column.names !== undefined) return new EnumWriter(column.name, column.names.length);
  return column.type === 'blob' ? new BlobWriter() : new FixedWriter(VALUE_BYTES[column.type]);
}

class FixedWriter implements VectorWriter {
  private readonly width: number;
  private values: TypedArray = new Uint8Array(0);
  private validity: Uint8Array | undefined;

  constructor(width: number) {
    this.width = width;
  }

  load({ values, validity }: ColumnValues, rows: number): void {
    if (values.byteLength < rows * this.width) throw new Error('a column is shorter than its table');
    this.values = values;
    this.validity = hasNulls(validity, rows) ? validity : undefined;
  }

  write(vector: Vector, start: number, rows: number): void {
    const { values, width } = this;
    bindings().copy_data_to_vector(vector, 0, values.buffer, values.byteOffset + start * width, rows * width);
    writeValidity(vector, this.validity, start, rows);
  }
}

/** The width of an ENUM in DuckDB depends on the number of names, not on the width of our column. */
const enumWidth = (names: number) => (names <= 0xff ? 1 : names <= 0xffff ? 2 : 4);
const ENUM_ARRAYS = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array } as const;

class EnumWriter extends FixedWriter {
  private readonly column: string;
  private readonly names: number;
  private codes: Uint8Array | Uint16Array | Uint32Array;

  constructor(column: string, names: number) {
    const width = enumWidth(names);
    super(width);
    this.column = column;
    this.names = names;
    this.codes = new ENUM_ARRAYS[width](0);
  }

  override load(column: ColumnValues, rows: number): void {
    const values = column.values as Uint8Array | Int8Array | Uint16Array | Uint32Array | Int32Array;
    this.check(values, column.validity, rows);
    if (values.BYTES_PER_ELEMENT === this.codes.BYTES_PER_ELEMENT) {
      super.load(column, rows);
      return;
    }
    if (this.codes.length < rows) this.codes = new ENUM_ARRAYS[this.codes.BYTES_PER_ELEMENT as 1 | 2 | 4](rows);
    this.codes.set(values.subarray(0, rows));
    super.load({ values: this.codes, validity: column.validity }, rows);
  }

  /** DuckDB reads past its names for an unknown code; under a null, any code is harmless. */
  private check(codes: ArrayLike<number>, validity: Uint8Array | undefined, rows: number): void {
    for (let row = 0; row < rows; row++) {
      // As an unsigned number, an index of -1 is the largest.
      if (codes[row] >>> 0 >= this.names && (validity === undefined || isValid(validity, row))) {
        throw new P2mError('P2M_DAMAGED', `column ${this.column} uses name ${codes[row]} of ${this.names}`, {
          place: { field: this.column },
          remedy: 'copy the trace again, or import the capture again',
        });
      }
    }
  }
}

/** Payloads are rare and short, so each takes one call. */
class BlobWriter implements VectorWriter {
  private column: ColumnValues = { values: new Uint8Array(0), validity: undefined };

  load(column: ColumnValues): void {
    this.column = column;
  }

  write(vector: Vector, start: number, rows: number): void {
    const { validity, offsets } = this.column;
    const bytes = this.column.values as Uint8Array;
    for (let row = start; row < start + rows; row++) {
      if (validity !== undefined && !isValid(validity, row)) continue;
      bindings().vector_assign_string_element_len(
        vector,
        row - start,
        bytes.subarray(offsets![row], offsets![row + 1]),
      );
    }
    writeValidity(vector, validity, start, rows);
  }
}

/** DuckDB works faster on a vector without validity. */
function hasNulls(validity: Uint8Array | undefined, rows: number): boolean {
  if (validity === undefined) return false;
  const whole = rows >>> 3;
  for (let byte = 0; byte < whole; byte++) if (validity[byte] !== 0xff) return true;
  const rest = (1 << (rows & 7)) - 1;
  return (validity[whole] & rest) !== rest;
}

function writeValidity(vector: Vector, validity: Uint8Array | undefined, start: number, rows: number): void {
  if (validity === undefined) return;
  bindings().vector_ensure_validity_writable(vector);
  const from = validity.byteOffset + (start >>> 3);
  bindings().copy_data_to_vector_validity(vector, 0, validity.buffer, from, (rows + 7) >>> 3);
}
