import {
  FACT_SPECS,
  type FactArray,
  type FactColumnSpec,
  type FactSpec,
  FactStore,
  replayTrace,
} from '../../src/index.js';
import { traceMaker } from './trace-of.js';

type Value = number | string | boolean | null;
export type FactRow = Readonly<Record<string, Value>>;
type TableName = (typeof FACT_SPECS)[number]['name'];

/** Rows of one fact table of hand-made events, by the event that began them. */
export function factMaker(): (table: TableName, ...events: readonly object[]) => Promise<FactRow[]> {
  const traceOf = traceMaker();
  return async (table, ...events) => {
    const store = new FactStore([table]);
    replayTrace(await traceOf(events), { facts: store });
    const spec: FactSpec | undefined = FACT_SPECS.find(({ name }) => name === table);
    return spec === undefined ? [] : rowsOf(store, spec).sort((a, b) => Number(a.from_seq) - Number(b.from_seq));
  };
}

export function rowsOf(store: FactStore, spec: FactSpec): FactRow[] {
  return store.chunks(spec).flatMap(({ rows, columns }) => {
    const arrays: Readonly<Record<string, FactArray>> = columns;
    return Array.from({ length: rows }, (_, row) =>
      Object.fromEntries(spec.columns.map(column => [column.name, read(column, arrays[column.name], row)])),
    );
  });
}

/** Nulls as FactType tells them. TSCs of hand-made events are small. */
function read({ type, names }: FactColumnSpec, array: FactArray, row: number): Value {
  switch (type) {
    case 'u53':
      return Number.isNaN(array[row]) ? null : array[row];
    case 'id':
      return array[row] < 0 ? null : array[row];
    case 'enum':
      return names?.[array[row]] ?? null;
    case 'bool':
      return array[row] !== 0;
    default:
      return array[2 * row] === 0 ? null : array[2 * row];
  }
}
