import {
  COLUMN_NAMES,
  COLUMNS,
  type ColumnName,
  type ColumnSpec,
  DICTIONARIES,
  isAddressDictionary,
  PRESENT,
} from '../schema/columns.js';
import { COMMON_COLUMNS, KINDS, type KindSpec } from '../schema/kinds.js';

/** How values of a column are written in a line. */
type FieldForm =
  | 'hex' // u64: frames, bit fields, kind-specific values
  | 'address' // u64 behind a dictionary
  | 'tsc' // u64 that is a plain number
  | 'number' // every other integer
  | 'boolean'
  | 'enum' // a name of a fixed dictionary
  | 'p2m_type' // arg0 or arg1 that stands for a p2m type
  | 'view'
  | 'name' // a name of a growing dictionary
  | 'flags'
  | 'raw';

/** One field of an event's line. */
export interface EventField {
  /** Name in the line: the column's, or the kind's own for arg0 and arg1. */
  readonly name: string;
  readonly column: ColumnName;
  readonly form: FieldForm;
  readonly required: boolean;
}

/** The fields of one kind, in the order in which they are written. */
export interface EventFields {
  readonly kind: KindSpec;
  readonly fields: readonly EventField[];
  readonly byName: ReadonlyMap<string, EventField>;
  /** Columns that every event of the kind has (bits of PRESENT). */
  readonly needs: number;
  /** Nullable columns that an event of the kind can't have. */
  readonly strays: readonly EventField[];
}

function formOf(column: ColumnName): FieldForm {
  const spec: ColumnSpec = COLUMNS[column];
  if (column === 'tsc' || column === 'view' || column === 'flags') return column;
  if (spec.dictionary !== undefined) {
    if (isAddressDictionary(spec.dictionary)) return 'address';
    return DICTIONARIES[spec.dictionary].grows ? 'name' : 'enum';
  }
  if (spec.type === 'bit') return 'boolean';
  if (spec.type === 'binary') return 'raw';
  return spec.type === 'u64' ? 'hex' : 'number';
}

/** The column for a name in `needs` or `may` of KINDS: a column's own name, or the kind's name for arg0 or arg1. */
function fieldOf(kind: KindSpec, name: string, required: boolean): EventField {
  const index = kind.args?.findIndex(arg => arg.split(':')[0] === name) ?? -1;
  if (index < 0) return { name, column: name as ColumnName, form: formOf(name as ColumnName), required };
  const isType = kind.args?.[index]?.endsWith(':p2m_type') === true;
  return { name, column: index === 0 ? 'arg0' : 'arg1', form: isType ? 'p2m_type' : 'hex', required };
}

function fieldsOf(kind: KindSpec): EventFields {
  const fields = [
    ...kind.needs.map(name => fieldOf(kind, name, true)),
    ...[...kind.may, ...COMMON_COLUMNS].map(name => fieldOf(kind, name, false)),
  ];
  const strays = COLUMN_NAMES.filter(name => COLUMNS[name].nullable && !fields.some(field => field.column === name));
  return {
    kind,
    fields,
    byName: new Map(fields.map(field => [field.name, field])),
    needs: fields.reduce((bits, field) => (field.required ? bits | PRESENT[field.column] : bits), 0),
    strays: strays.map(name => ({ name, column: name, form: formOf(name), required: false })),
  };
}

/** The fields of each kind, by its dictionary index; derived from KINDS. */
export const EVENT_FIELDS: readonly EventFields[] = KINDS.map(fieldsOf);
