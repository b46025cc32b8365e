import type { ColumnName, ReadBatch } from '@p2mtrace/trace-format';

/** Columns that a replay reads; facts need `tsc` too. */
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
  'rc',
  'flags',
  'caller',
  'symbol',
  'arg0',
  'arg1',
] as const satisfies readonly ColumnName[];
export const FACT_COLUMNS = [...STATE_COLUMNS, 'tsc'] as const satisfies readonly ColumnName[];
export type StateColumn = (typeof STATE_COLUMNS)[number];
/** A batch of these columns, and `tsc` if facts are wanted. */
export interface ReplayBatch extends Omit<ReadBatch<StateColumn>, 'columns'> {
  readonly columns: ReadBatch<StateColumn>['columns'] & Partial<ReadBatch<'tsc'>['columns']>;
}
