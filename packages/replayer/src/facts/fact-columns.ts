/**
 * How a fact column is stored: u53 numbers below 2^53 as float64 with NaN for null (seqs, frames); id int32 with -1
 * for null (pcpu, domid, indices); enum int8, an index into names, with -1 for null; tsc and u64 pairs of u32, low
 * word first, of which a tsc of 0 is null; bool 0 or 1.
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

/** A column of a spec whose name and type are known to the compiler. */
export function column<const N extends string, const T extends FactType>(
  name: N,
  type: T,
  doc: string,
  names?: readonly string[],
): FactColumnSpec & { readonly name: N; readonly type: T } {
  return names === undefined ? { name, type, doc } : { name, type, doc, names };
}

type ArrayOf<T extends FactType> = T extends 'u53'
  ? Float64Array
  : T extends 'id'
    ? Int32Array
    : T extends 'enum'
      ? Int8Array
      : T extends 'bool'
        ? Uint8Array
        : Uint32Array;
/** Values of a fact column. */
export type FactArray = Float64Array | Int32Array | Int8Array | Uint8Array | Uint32Array;

/** Typed arrays of a table's columns, by name. */
export type FactColumns<S extends FactSpec> = {
  [C in S['columns'][number] as C['name']]: ArrayOf<C['type']>;
};

/** Where each column lies in a record of a FactTable. */
export type FactOffsets<S extends FactSpec> = { readonly [C in S['columns'][number] as C['name']]: number };

/** Float64 slots of a column in a record. */
const slots = (type: FactType): number => (type === 'tsc' || type === 'u64' ? 2 : 1);

/** What a column holds that nobody has set: null, and false or 0 for what knows no null. */
const blank = (type: FactType): number => (type === 'u53' ? Number.NaN : type === 'id' || type === 'enum' ? -1 : 0);

/** Offsets of the columns in a record, behind its link. */
export function offsetsOf<const S extends FactSpec>(spec: S): FactOffsets<S> {
  const offsets: Record<string, number> = {};
  let next = 1;
  for (const { name, type } of spec.columns) {
    offsets[name] = next;
    next += slots(type);
  }
  // V8 keeps an object that was built property by property as a hash table; being a prototype makes it plain fields.
  Object.create(offsets);
  return offsets as FactOffsets<S>;
}

/** A record of which nothing is set. */
export function blankRecord(spec: FactSpec): Float64Array {
  return Float64Array.of(0, ...spec.columns.flatMap(({ type }) => Array(slots(type)).fill(blank(type))));
}

/** Room for rows of a column. */
export function factArray(type: FactType, rows: number): FactArray {
  switch (type) {
    case 'u53':
      return new Float64Array(rows);
    case 'id':
      return new Int32Array(rows);
    case 'enum':
      return new Int8Array(rows);
    case 'bool':
      return new Uint8Array(rows);
    default:
      return new Uint32Array(rows * 2);
  }
}

/** The first rows of a column. */
export function firstRows(values: FactArray, type: FactType, rows: number): FactArray {
  return values.subarray(0, rows * slots(type));
}
