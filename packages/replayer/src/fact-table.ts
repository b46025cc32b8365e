import type { StateArray, StateImage } from './state-image.js';

/**
 * How a fact column is stored: u53 numbers below 2^53 as float64 with NaN for null (seqs, frames); id int32 with -1
 * for null (pcpu, domid, indices); tsc and u64 pairs of u32, of which a tsc of 0 is null; enum an index into names.
 */
export type FactType = 'u53' | 'id' | 'tsc' | 'u64' | 'bool' | 'enum';
export interface FactColumnSpec {
  readonly name: string;
  readonly type: FactType;
  readonly names?: readonly string[];
  readonly doc: string;
}
export interface FactSpec {
  readonly name: string;
  readonly doc: string;
  readonly columns: readonly FactColumnSpec[];
}

type ArrayOf<T extends FactType> = T extends 'u53'
  ? Float64Array
  : T extends 'id' | 'enum'
    ? Int32Array
    : T extends 'bool'
      ? Uint8Array
      : Uint32Array;

/** Typed arrays of a table's columns, by name. */
export type FactColumns<S extends FactSpec> = {
  [C in S['columns'][number] as C['name']]: ArrayOf<C['type']>;
};

/** A growing table of facts: typed arrays, rows only ever added or completed. */
export class FactTable<S extends FactSpec = FactSpec> {
  readonly spec: S;
  rows = 0;
  capacity = 1024;
  /** Renewed whenever the table grows: fetch it anew after `add`. */
  columns: FactColumns<S>;

  constructor(spec: S) {
    this.spec = spec;
    this.columns = makeColumns(spec, this.capacity);
  }

  get name(): string {
    return this.spec.name;
  }

  /** Number of a new row, all of whose values are null, false or 0. */
  add(): number {
    if (this.rows === this.capacity) this.grow();
    return this.rows++;
  }

  transfer(image: StateImage): void {
    this.rows = image.number('rows', this.rows);
    this.capacity = image.number('capacity', this.capacity);
    const columns = this.columns as Record<string, StateArray>;
    for (const { name } of this.spec.columns) columns[name] = image.array(name, columns[name]);
  }

  private grow(): void {
    const before = this.columns as Record<string, Float64Array>;
    this.capacity *= 2;
    const after = makeColumns(this.spec, this.capacity) as Record<string, Float64Array>;
    for (const { name } of this.spec.columns) after[name].set(before[name]);
    this.columns = after as unknown as FactColumns<S>;
  }
}

function makeColumns<S extends FactSpec>(spec: S, capacity: number): FactColumns<S> {
  const entries = spec.columns.map(({ name, type }) => [name, makeArray(type, capacity)] as const);
  const columns = Object.fromEntries(entries) as FactColumns<S>;
  // V8 keeps an object that was built property by property as a hash table; being a prototype makes it plain fields.
  Object.create(columns);
  return columns;
}

function makeArray(type: FactType, capacity: number) {
  switch (type) {
    case 'u53':
      return new Float64Array(capacity).fill(Number.NaN);
    case 'id':
    case 'enum':
      return new Int32Array(capacity).fill(-1);
    case 'bool':
      return new Uint8Array(capacity);
    default:
      return new Uint32Array(capacity * 2);
  }
}
