import { type FactArray, type FactSpec, factArray, firstRows, offsetsOf } from './fact-columns.js';
import { type FactSelection, selectedColumns } from './fact-sink.js';

/** Records of a FactTable as a chunk; a column is made of them whenever it is looked at. */
export class RecordChunk {
  readonly table: string;
  readonly columns: Readonly<Record<string, FactArray>> = {};
  rows = 0;
  private records: Float64Array = new Float64Array(0);
  private readonly offsets: Int32Array;

  /** `offsets`: where the records are. */
  constructor(spec: FactSpec, wanted: FactSelection | undefined, offsets: Int32Array) {
    this.table = spec.name;
    this.offsets = offsets;
    const at: Readonly<Record<string, number>> = offsetsOf<FactSpec>(spec);
    for (const { name, type } of selectedColumns(spec, wanted)) {
      const values = factArray(type, offsets.length);
      const get = () => {
        this.gather(at[name], values);
        return firstRows(values, type, this.rows);
      };
      Object.defineProperty(this.columns, name, { get, enumerable: true });
    }
  }

  /** The sink wants nothing of the table. */
  get isEmpty(): boolean {
    return Object.keys(this.columns).length === 0;
  }

  /** From now on the chunk is of the records at the first `rows` offsets. */
  show(records: Float64Array, rows: number): this {
    this.records = records;
    this.rows = rows;
    return this;
  }

  private gather(at: number, values: FactArray): void {
    const { records, offsets, rows } = this;
    if (values instanceof Uint32Array) gatherPairs(records, offsets, rows, at, values);
    else if (values instanceof Float64Array) gatherNumbers(records, offsets, rows, at, values);
    else if (values instanceof Int32Array) gatherIds(records, offsets, rows, at, values);
    else gatherBytes(records, offsets, rows, at, values);
  }
}

// One loop for each type of array, as a loop that meets several is slow.

type Gather<T> = (records: Float64Array, offsets: Int32Array, rows: number, at: number, values: T) => void;

const gatherNumbers: Gather<Float64Array> = (records, offsets, rows, at, values) => {
  for (let row = 0; row < rows; row++) values[row] = records[offsets[row] + at];
};

const gatherIds: Gather<Int32Array> = (records, offsets, rows, at, values) => {
  for (let row = 0; row < rows; row++) values[row] = records[offsets[row] + at];
};

const gatherBytes: Gather<Int8Array | Uint8Array> = (records, offsets, rows, at, values) => {
  for (let row = 0; row < rows; row++) values[row] = records[offsets[row] + at];
};

const gatherPairs: Gather<Uint32Array> = (records, offsets, rows, at, values) => {
  for (let row = 0; row < rows; row++) {
    values[2 * row] = records[offsets[row] + at];
    values[2 * row + 1] = records[offsets[row] + at + 1];
  }
};
