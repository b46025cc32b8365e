import type { FactColumns, FactSpec } from './fact-columns.js';
import type { FACT_SPECS } from './fact-specs.js';

/** Rows of one table, by column. Columns that were not asked for are absent. */
export interface ChunkOf<S extends FactSpec> {
  readonly table: S['name'];
  readonly rows: number;
  /** As long as there are rows, and made when they are looked at; see FactType for how values and nulls are stored. */
  readonly columns: FactColumns<S>;
}
/** Rows of some table; `table` tells which. */
export type FactChunk = {
  [S in (typeof FACT_SPECS)[number] as S['name']]: ChunkOf<S>;
}[(typeof FACT_SPECS)[number]['name']];

/** Tables by name, or single columns as `table.column`. */
export type FactSelection = readonly string[];

/** Where a replay puts its facts. Rows come in the order of their end; those still open come last. */
export interface FactSink {
  /** What it wants to be given; all tables and columns where absent. */
  readonly wanted?: FactSelection | undefined;
  /** Takes rows. Once this returns, the chunk and its arrays are overwritten. */
  take(chunk: FactChunk): void;
}

/** Columns of a table that a selection names, in their order. */
export function selectedColumns<S extends FactSpec>(
  spec: S,
  wanted: FactSelection | undefined,
): S['columns'][number][] {
  if (wanted === undefined || wanted.includes(spec.name)) return [...spec.columns];
  return spec.columns.filter(({ name }) => wanted.includes(`${spec.name}.${name}`));
}

/** Somebody wants rows of the table. */
export function wantsFacts({ wanted }: FactSink, spec: FactSpec): boolean {
  return selectedColumns(spec, wanted).length > 0;
}
