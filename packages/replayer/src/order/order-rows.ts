import type { RowReader } from './row-reader.js';

/** Columns that are read to judge the order of rows. */
export const ORDER_COLUMNS = [
  'pcpu',
  'tsc',
  'kind',
  'lock',
  'domid',
  'view',
  'gfn',
  'mfn',
  'order',
  'count_info',
] as const;

export type OrderRows = RowReader<(typeof ORDER_COLUMNS)[number]>;
