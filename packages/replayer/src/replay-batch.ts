import type { ColumnName, ReadBatch } from '@p2mtrace/trace-format';

/** Columns that a replay reads; facts need two more. */
export const STATE_COLUMNS = [
  'pcpu',
  'kind',
  'domid',
  'view',
  'gfn',
  'mfn',
  'order',
  'p2m_type',
  'access',
  'count_info',
  'type_info',
  'owner',
  'lock',
  'lock_class',
  'level',
  'mode',
  'depth',
  'flags',
  'caller',
  'arg0',
  'arg1',
] as const satisfies readonly ColumnName[];
export const FACT_COLUMNS = [...STATE_COLUMNS, 'tsc', 'symbol'] as const satisfies readonly ColumnName[];
type Columns = (typeof STATE_COLUMNS)[number];
/** A batch of these columns; `tsc` and `symbol` too where facts are wanted. */
export interface ReplayBatch extends Omit<ReadBatch<Columns>, 'columns' | 'validity'> {
  readonly columns: ReadBatch<Columns>['columns'] & Partial<ReadBatch<'tsc' | 'symbol'>['columns']>;
  readonly validity: ReadBatch<Columns>['validity'] & Partial<ReadBatch<'symbol'>['validity']>;
}
